//! A certificate that lies in files, which something else renews.

use super::provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// When a file was changed and how long it is; `None` when it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// Two PEM files: a certificate with those that follow it, and its private key.
#[derive(Debug)]
pub(crate) struct PemFiles {
    certificate: PathBuf,
    key: PathBuf,
    seen: Option<[Stamp; 2]>,
}

impl PemFiles {
    pub(super) fn new(certificate: &Path, key: &Path) -> Self {
        Self { certificate: certificate.to_owned(), key: key.to_owned(), seen: None }
    }

    /// The certificate, when the files have changed since it was last read or were never read.
    ///
    /// # Errors
    /// One sentence that names the key of the configuration and the file.
    pub(super) fn renewed(&mut self) -> Result<Option<Arc<CertifiedKey>>, String> {
        // Looked at first: a change while the files are read shows the next time.
        let now = Some([stamp(&self.certificate), stamp(&self.key)]);
        if now == self.seen {
            return Ok(None);
        }
        self.seen = now;
        self.read().map(Some)
    }

    pub(super) fn read(&self) -> Result<Arc<CertifiedKey>, String> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let text = std::fs::read(&self.certificate)
            .map_err(|error| format!("tls_certificate: cannot read {certificate}: {error}"))?;
        let chain = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<Vec<_>, pem::Error>>()
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| format!("tls_certificate: {certificate} holds no certificate in PEM form"))?;
        let text =
            std::fs::read(&self.key).map_err(|error| format!("tls_key: cannot read {key}: {error}"))?;
        let private = PrivateKeyDer::from_pem_slice(&text)
            .map_err(|_| format!("tls_key: {key} holds no private key in PEM form"))?;
        CertifiedKey::from_der(chain, private, &provider()).map(Arc::new).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                format!("tls_key: the key in {key} is not that of the certificate in {certificate}")
            }
            Error::InvalidCertificate(_) => {
                format!("tls_certificate: what {certificate} holds first is no certificate")
            }
            _ => format!("tls_key: the key in {key} is of a kind that cannot be used"),
        })
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
