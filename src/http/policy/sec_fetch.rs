//! What a browser tells of why it sends a request (Fetch Metadata, W3C). No page can forge it.

use crate::http::policy::words::words;

words! {
    /// Who caused a request, as seen from its target: `Sec-Fetch-Site`.
    SecFetchSite {
        /// Another site: what a forged request comes from.
        CrossSite = "cross-site",
        /// The same scheme, host and port.
        SameOrigin = "same-origin",
        /// The same registrable domain.
        SameSite = "same-site",
        /// The user, by address bar or bookmark.
        None = "none",
    }
}

words! {
    /// How the answer will be used: `Sec-Fetch-Mode`.
    SecFetchMode {
        /// By a script, under the rules of CORS.
        Cors = "cors",
        /// As the page to go to.
        Navigate = "navigate",
        /// As a picture, a script or a style of a page.
        NoCors = "no-cors",
        /// By a script, within its origin only.
        SameOrigin = "same-origin",
        /// As a WebSocket.
        WebSocket = "websocket",
    }
}

words! {
    /// What the answer will be: `Sec-Fetch-Dest`.
    SecFetchDest {
        /// Sound.
        Audio = "audio",
        /// An audio worklet.
        AudioWorklet = "audioworklet",
        /// A page.
        Document = "document",
        /// An `embed` element.
        Embed = "embed",
        /// Whatever a script makes of it.
        Empty = "empty",
        /// A web identity request (FedCM).
        WebIdentity = "webidentity",
        /// A `fencedframe` element.
        FencedFrame = "fencedframe",
        /// A font.
        Font = "font",
        /// A `frame` element.
        Frame = "frame",
        /// An `iframe` element.
        Iframe = "iframe",
        /// A picture.
        Image = "image",
        /// JSON as a module.
        Json = "json",
        /// A web app's manifest.
        Manifest = "manifest",
        /// An `object` element.
        Object = "object",
        /// A paint worklet.
        PaintWorklet = "paintworklet",
        /// A report of a broken policy.
        Report = "report",
        /// A script.
        Script = "script",
        /// A service worker.
        ServiceWorker = "serviceworker",
        /// A shared worker.
        SharedWorker = "sharedworker",
        /// A style sheet.
        Style = "style",
        /// Captions.
        Track = "track",
        /// A film.
        Video = "video",
        /// A worker.
        Worker = "worker",
        /// An XSLT style sheet.
        Xslt = "xslt",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_one_spelling() {
        assert_eq!(SecFetchSite::parse(" none\t"), Some(SecFetchSite::None));
        assert_eq!(
            SecFetchMode::parse("no-cors;a=1"),
            Some(SecFetchMode::NoCors)
        );
        assert_eq!(SecFetchDest::parse("IMAGE"), None);
        assert_eq!(SecFetchSite::parse(""), None);
        assert_eq!(SecFetchDest::ServiceWorker.to_string(), "serviceworker");
    }
}
