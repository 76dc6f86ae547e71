use crate::args::NewArgs;
use crate::failure::Failure;
/// Makes the project.
pub fn new(_args: &NewArgs) -> Result<(), Failure> {
    Ok(())
}
