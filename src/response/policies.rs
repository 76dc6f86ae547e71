use crate::http::{
    ContentSecurityPolicy, CrossOriginEmbedderPolicy, CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy, HeaderName, header,
};
use crate::response::Response;

/// What a page may do, and what others may do with it.
impl Response {
    /// What the page may load and do. An empty policy takes the field out.
    pub fn content_security_policy(self, policy: ContentSecurityPolicy) -> Self {
        self.policy_field(header::CONTENT_SECURITY_POLICY, &policy)
    }

    /// A policy to try out: browsers report what breaks it and let it pass.
    pub fn content_security_policy_report_only(self, policy: ContentSecurityPolicy) -> Self {
        self.policy_field(header::CONTENT_SECURITY_POLICY_REPORT_ONLY, &policy)
    }

    /// Whether the page shares its windows with others.
    pub fn cross_origin_opener_policy(self, policy: CrossOriginOpenerPolicy) -> Self {
        self.header("cross-origin-opener-policy", policy.as_str())
    }

    /// What the page may load from other origins.
    pub fn cross_origin_embedder_policy(self, policy: CrossOriginEmbedderPolicy) -> Self {
        self.header("cross-origin-embedder-policy", policy.as_str())
    }

    /// Whose pages may load the answer.
    pub fn cross_origin_resource_policy(self, policy: CrossOriginResourcePolicy) -> Self {
        self.header("cross-origin-resource-policy", policy.as_str())
    }

    fn policy_field(self, name: HeaderName, policy: &ContentSecurityPolicy) -> Self {
        self.attempt(|response| {
            let value = policy.to_header()?;
            match policy.is_empty() {
                true => response.headers_mut().remove(name),
                false => response.headers_mut().insert(name, value),
            };
            Ok(())
        })
    }
}
