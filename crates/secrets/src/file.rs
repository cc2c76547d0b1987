//! Private files: made with their final mode from the first byte, and refused when others can read them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use maas_model::Secret;

/// Why a private file does not do. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(
        "`{}` can be read or changed by others (mode {mode:04o}). Mend it with `chmod {wanted:o} {}`, and consider what is in it as known",
        path.display(),
        path.display()
    )]
    Exposed { path: PathBuf, mode: u32, wanted: u32 },
    #[error("`{}` is a symbolic link; put the file itself there", path.display())]
    Link { path: PathBuf },
    #[error("cannot {what} `{}`: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
}

/// Checks that only the owner may read and change `path` (and, for a directory, look into it). A missing one passes.
///
/// # Errors
/// `Exposed` or `Link`.
pub fn check_private(path: &Path) -> Result<(), FileError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(FileError::Io { what: "look at", path: path.to_owned(), source }),
    };
    if metadata.is_symlink() {
        return Err(FileError::Link { path: path.to_owned() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
    Err(FileError::Exposed { path: path.to_owned(), mode, wanted })
}

/// Reads a private file after [`check_private`]; `None` when there is none.
///
/// # Errors
/// [`FileError`] as it is.
pub fn read_private(path: &Path) -> Result<Option<Secret<Vec<u8>>>, FileError> {
    check_private(path)?;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(Secret::new(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::Io { what: "read", path: path.to_owned(), source }),
    }
}

/// Makes a new file of mode 0600; false, and nothing done, when there is one already. It appears whole or not at all.
///
/// # Errors
/// `Io`.
pub fn create_private(path: &Path, content: &[u8]) -> Result<bool, FileError> {
    let io = |what| move |source| FileError::Io { what, path: path.to_owned(), source };
    let draft = write_draft(path, content, 0o600).map_err(io("write"))?;
    let linked = fs::hard_link(&draft, path);
    let removed = fs::remove_file(&draft);
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(source) => return Err(io("make")(source)),
    }
    removed.and_then(|()| sync_parent(path)).map_err(io("write"))?;
    Ok(true)
}

/// Puts a file in place of the one that may be there, with exactly this mode. It changes whole or not at all.
///
/// # Errors
/// `Io`.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    let io = |source| FileError::Io { what: "write", path: path.to_owned(), source };
    let draft = write_draft(path, content, mode).map_err(io)?;
    fs::rename(&draft, path).and_then(|()| sync_parent(path)).map_err(io)
}

/// Makes a directory (and what is above it) that only the owner may enter, if there is none.
///
/// # Errors
/// `Io`.
pub fn create_private_dir(path: &Path) -> Result<(), FileError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| FileError::Io { what: "make", path: path.to_owned(), source })
}

fn write_draft(path: &Path, content: &[u8], mode: u32) -> io::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let tag = data_encoding::HEXLOWER.encode(crate::fresh_bytes(8).expose());
    let draft = path.with_file_name(format!(".{name}.{tag}"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(content)?;
    // `open` was subject to the umask, this is not.
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    file.sync_all()?;
    Ok(draft)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(parent)?.sync_all()
}

/// No private file of ours is near this size.
const MAX_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::{FileError, check_private, create_private, create_private_dir, read_private, replace};

    #[test]
    fn files_are_private_from_the_first_byte_and_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        assert!(read_private(&path).unwrap().is_none());
        assert!(create_private(&path, b"one").unwrap());
        assert!(!create_private(&path, b"two").unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(read_private(&path).unwrap().unwrap().expose(), b"one");
        replace(&path, b"three", 0o644).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o644);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn what_others_can_read_is_refused_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        create_private(&path, b"x").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let error = read_private(&path).unwrap_err().to_string();
        assert!(error.contains("mode 0640") && error.contains(&format!("`chmod 600 {}`", path.display())), "{error}");

        let keys = dir.path().join("keys");
        create_private_dir(&keys).unwrap();
        check_private(&keys).unwrap();
        fs::set_permissions(&keys, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(check_private(&keys).unwrap_err().to_string().contains("`chmod 700 "));

        let link = dir.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(read_private(&link), Err(FileError::Link { .. })));
    }
}
