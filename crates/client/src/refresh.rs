//! Reading the describe documents anew.

use crate::{Error, Profile, ProfileFile, login::fetch_description, transport::Server};

/// Reads the description of one profile's server and stores it.
///
/// # Errors
/// [`Error`] by cause; the profile stays as it was.
pub async fn refresh(file: &ProfileFile, mut profile: Profile, insecure: bool) -> Result<(), Error> {
    let server = Server::new(&profile.url, &profile.trust(insecure), None)?;
    profile.description = fetch_description(&server, &profile.url).await?;
    file.save(&profile).await
}
