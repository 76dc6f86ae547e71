/// How much of a request's body we take.
///
/// The defaults suit a program on a laptop that strangers cannot reach. Another app keeps its
/// own among the environ's extensions:
///
/// ```
/// # use devserve::forms::FormLimits;
/// # fn example(environ: &mut devserve::wsgi::Environ) {
/// environ.extensions_mut().insert(FormLimits { max_body_bytes: 1 << 30, ..FormLimits::default() });
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormLimits {
    /// The whole body, files included. 64 MiB: a few photographs.
    pub max_body_bytes: u64,
    /// All fields together; they are held in memory. 1 MiB: a long article.
    pub max_field_bytes: u64,
    /// Fields and files together. 1000: more than any form a person fills in.
    pub max_parts: usize,
    /// The header of one part. 8 KiB: a file name of a thousand characters, percent-encoded.
    pub max_header_bytes: usize,
    /// The fields in the header of one part. 32: browsers send two.
    pub max_header_fields: usize,
    /// What of all files together is kept in memory; the rest goes to one temporary file.
    /// 512 KiB. Not a limit on the files.
    pub upload_memory_bytes: usize,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            max_field_bytes: 1 << 20,
            max_parts: 1000,
            max_header_bytes: 8 << 10,
            max_header_fields: 32,
            upload_memory_bytes: 512 << 10,
        }
    }
}
