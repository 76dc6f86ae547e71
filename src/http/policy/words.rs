/// An enum whose variants are the words that a field may hold.
///
/// Fields of this kind are structured (RFC 8941 §3.3.4): their words have one spelling, and
/// parameters after a `;` are left aside.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$meaning])* $variant,)+
        }

        impl $name {
            /// Reads a field's value; `None` for a word that is none of these.
            pub fn parse(text: &str) -> Option<Self> {
                let word = text.split(';').next().unwrap_or("");
                match $crate::text::ows::trim(word) {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use words;
