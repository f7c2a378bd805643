//! The fingerprint of a file.
//!
//! Not here: what is in it.
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::DataError;
use super::file;

/// Bytes hashed at once: keeps a file of any size out of memory.
const BLOCK_BYTES: usize = 256 << 10;

/// SHA-256 of a file, 64 lower-case hexadecimal digits. Errors: missing or unreadable.
pub fn sha256_of_file(path: &Path) -> Result<String, DataError> {
    let mut file = file::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match file.read(&mut block) {
            Ok(0) => break,
            Ok(read) => hash.update(&block[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(DataError::Read { path: path.to_owned(), source }),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_published_vector() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").expect("write");
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4, example 1
        assert_eq!(sha256_of_file(&path).expect("hash"), hash);
    }
}
