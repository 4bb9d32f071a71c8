//! A change of one file that is ready to be made, and can be taken back.

use std::io::{self, Write};
use std::path::Path;

use cap_std::fs::Permissions;
use cap_tempfile::TempFile;

use super::path::PathError;
use super::place::Place;
use super::{failed, not_a_file, not_found, read_plain};

/// What a file was before: `None`, it was not there.
type Before = Option<(Vec<u8>, Permissions)>;

pub(super) struct Staged<'a> {
    path: &'a Path,
    place: &'a Place,
    before: Before,
    /// `None`: the file is to go.
    new: Option<TempFile<'a>>,
}

impl<'a> Staged<'a> {
    /// Writes the new text beside the file.
    pub(super) fn new(
        path: &'a Path,
        text: Option<&str>,
        place: &'a Place,
    ) -> Result<Self, PathError> {
        let before = match place.folder.symlink_metadata(&place.name) {
            Ok(found) if found.is_file() => {
                let mut bytes = Vec::new();
                read_plain(&place.folder, &place.name, path, &mut bytes)?;
                Some((bytes, found.permissions()))
            }
            Ok(found) => return Err(not_a_file(path, found.is_dir())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(path, "write", error)),
        };
        if text.is_none() && before.is_none() {
            return Err(not_found(path));
        }
        let permissions = before.as_ref().map(|(_, permissions)| permissions);
        let new = text.map(|text| beside(place, text.as_bytes(), permissions));
        Ok(Self {
            path,
            place,
            before,
            new: new
                .transpose()
                .map_err(|error| failed(path, "write", error))?,
        })
    }

    /// Makes the change.
    pub(super) fn commit(self) -> Result<Done<'a>, PathError> {
        let Self { path, place, .. } = self;
        let made = match self.new {
            Some(new) => new.replace(&place.name),
            None => place.folder.remove_file(&place.name),
        };
        let before = self.before;
        let done = Done {
            path,
            place,
            before,
        };
        made.map(|()| done)
            .map_err(|error| failed(path, "write", error))
    }
}

/// A change that was made.
pub(super) struct Done<'a> {
    path: &'a Path,
    place: &'a Place,
    before: Before,
}

impl Done<'_> {
    pub(super) fn put_back(self) -> Result<(), PathError> {
        let Self { path, place, .. } = self;
        let back = match self.before {
            Some((bytes, permissions)) => {
                beside(place, &bytes, Some(&permissions)).and_then(|file| file.replace(&place.name))
            }
            None => place.folder.remove_file(&place.name),
        };
        back.map_err(|source| PathError::PutBack {
            path: path.to_string_lossy().into_owned(),
            source,
        })
    }
}

/// A file in the same folder, under no name yet.
fn beside<'a>(
    place: &'a Place,
    bytes: &[u8],
    permissions: Option<&Permissions>,
) -> io::Result<TempFile<'a>> {
    let mut file = TempFile::new(&place.folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions.clone())?;
    }
    Ok(file)
}
