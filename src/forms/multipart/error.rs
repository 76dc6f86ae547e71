/// What is wrong with a multipart body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The Content-Type names no boundary.
    #[error("the Content-Type has no boundary")]
    NoBoundary,
    /// The boundary is longer than RFC 2046 §5.1.1 allows.
    #[error("the boundary has {length} characters; 70 are allowed")]
    LongBoundary {
        /// Its length.
        length: usize,
    },
    /// The boundary holds a control character.
    #[error("the boundary {boundary:?} holds a control character")]
    BadBoundary {
        /// The boundary.
        boundary: String,
    },
    /// The body ends without any delimiter.
    #[error("there is no delimiter --{boundary}")]
    NoDelimiter {
        /// The boundary looked for.
        boundary: String,
    },
    /// The body ends inside a part.
    #[error("the body ends inside part {part}, before the closing delimiter")]
    Truncated {
        /// The part, counted from 1.
        part: usize,
    },
    /// A line of a part's header has no colon.
    #[error("the header of part {part} has a line without a colon: {line:?}")]
    HeaderLine {
        /// The part, counted from 1.
        part: usize,
        /// The line.
        line: String,
    },
    /// A part's header is longer than `max_header_bytes`.
    #[error("the header of part {part} is over the limit of {max} bytes (max_header_bytes)")]
    HeaderBytes {
        /// The part, counted from 1.
        part: usize,
        /// The limit.
        max: usize,
    },
    /// A part's header has more fields than `max_header_fields`.
    #[error("the header of part {part} has more than {max} fields (max_header_fields)")]
    HeaderFields {
        /// The part, counted from 1.
        part: usize,
        /// The limit.
        max: usize,
    },
    /// A part without a Content-Disposition, or with two, or one that cannot be read.
    #[error("part {part} {problem}")]
    Disposition {
        /// The part, counted from 1.
        part: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More parts than `max_parts`.
    #[error("there are more than {max} parts (max_parts)")]
    PartCount {
        /// The limit.
        max: usize,
    },
}
