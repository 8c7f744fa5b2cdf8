//! HTTPS: which certificate callers are shown, and the authority of one's own for laptops.
//!
//! Owns `<data-dir>/tls`. The certificate is looked after while callers shake hands, at most once a second:
//! one from files is read again when they have changed, one of our own is renewed a month before it ends.
//! Neither needs a restart, a signal or a task of its own.

mod authority;
mod file;
mod name;

use crate::config::Config;
use authority::{Authority, Issued};
use file::PemFiles;
use guildhall_app::clock::{Clock, Random};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How often the certificate is looked after, at most.
const LOOK_INTERVAL_MS: i64 = 1000;

/// What is needed to serve HTTPS.
#[derive(Debug)]
pub(crate) struct Tls {
    /// For the listener.
    pub(crate) server: Arc<ServerConfig>,
    /// The authority that clients must trust, when it is the server's own.
    pub(crate) authority: Option<LocalAuthority>,
}

/// A certificate authority that this server made for itself.
#[derive(Debug, Clone)]
pub struct LocalAuthority {
    /// Its certificate, which clients must trust: a PEM file.
    pub file: PathBuf,
    /// Whether this start made it, so that nobody trusts it yet.
    pub is_new: bool,
    /// The hosts and addresses that it may vouch for, separated by commas.
    names: String,
}

impl LocalAuthority {
    /// What a person reads after the start: where the certificate is, and once how to trust it.
    #[must_use]
    pub fn how_to_trust(&self, origin: &str) -> String {
        let (file, names) = (self.file.display(), &self.names);
        if !self.is_new {
            return format!("Its certificate is trusted by whoever trusts {file}");
        }
        format!(
            r#"
Its certificate comes from an authority that was just made for it, and that nobody trusts yet:
{file}
It can vouch for these names alone: {names}. To trust it:

  Node     export NODE_EXTRA_CA_CERTS="{file}"    (demo.env does)
  curl     curl --cacert "{file}" {origin}/healthz
  Debian   sudo cp "{file}" /usr/local/share/ca-certificates/guildhall.crt && sudo update-ca-certificates
  Fedora   sudo trust anchor "{file}"
  macOS    sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain "{file}"
  Windows  certutil -addstore -user Root "{file}"
  Firefox  Settings, Privacy & Security, View Certificates, Authorities, Import
  Chrome   on Linux: chrome://certificate-manager, Local certificates, Custom, Import
"#
        )
    }
}

/// The certificate files of a configuration, once they are known to be sound; `None` when there are none.
///
/// # Errors
/// One sentence: a file that is missing or unsound, one without the other, an origin without TLS.
pub(crate) fn files(config: &Config) -> Result<Option<PemFiles>, String> {
    let files = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => Some(PemFiles::new(certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            return Err("tls_certificate is set but tls_key is not: set both or neither".into());
        }
        (None, Some(_)) => {
            return Err("tls_key is set but tls_certificate is not: set both or neither".into());
        }
    };
    if let Some(files) = &files {
        files.read()?;
    }
    match &config.public_origin {
        Some(origin) if (config.tls || files.is_some()) && !origin.starts_with("https://") => {
            Err(format!("public_origin must start with https:// when HTTPS is served, and is \"{origin}\""))
        }
        _ => Ok(files),
    }
}

impl Tls {
    /// HTTPS with the certificate in files.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) fn with_files(files: PemFiles, clock: Clock) -> Result<Self, String> {
        Ok(Self { server: server(Source::Files(files), clock)?, authority: None })
    }

    /// HTTPS with certificates of the data directory's own authority, which is made when it is not there.
    ///
    /// # Errors
    /// One sentence.
    pub(crate) fn with_own_authority(config: &Config, clock: Clock, random: &Random) -> Result<Self, String> {
        let names =
            name::all(config.listen.ip(), config.public_origin.as_deref(), config.apps_domain.as_deref())?;
        let authority = Authority::open(&directory(&config.data_dir), &names, clock.now_ms(), random)?;
        let told = LocalAuthority {
            file: authority.trusted_file.clone(),
            is_new: authority.is_new,
            names: names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        let source = Source::Authority(Box::new(Issued::new(authority, names)));
        Ok(Self { server: server(source, clock)?, authority: Some(told) })
    }
}

/// What signs and encrypts.
/// Where a data directory keeps its own authority, if it has one.
fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join("tls")
}

/// The file with the certificate that clients of a data directory's own authority must trust; perhaps it is not there.
pub(crate) fn trusted_file(data_dir: &Path) -> PathBuf {
    directory(data_dir).join(authority::TRUSTED_FILE)
}

fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

fn server(mut source: Source, clock: Clock) -> Result<Arc<ServerConfig>, String> {
    let now_ms = clock.now_ms();
    let certificate = source.renewed(now_ms)?.ok_or("there is no certificate to show")?;
    let shown = Mutex::new(Shown { source, certificate, looked_at_ms: now_ms });
    let mut server = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("HTTPS cannot be served: {error}"))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Certificates { clock, shown }));
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

/// Where certificates come from.
#[derive(Debug)]
enum Source {
    Files(PemFiles),
    Authority(Box<Issued>),
}

impl Source {
    fn renewed(&mut self, now_ms: i64) -> Result<Option<Arc<CertifiedKey>>, String> {
        match self {
            Self::Files(files) => files.renewed(),
            Self::Authority(issued) => issued.renewed(now_ms),
        }
    }
}

#[derive(Debug)]
struct Shown {
    source: Source,
    certificate: Arc<CertifiedKey>,
    looked_at_ms: i64,
}

/// Shows every caller the certificate that is good now.
#[derive(Debug)]
struct Certificates {
    clock: Clock,
    shown: Mutex<Shown>,
}

impl Certificates {
    fn current(&self) -> Arc<CertifiedKey> {
        let now_ms = self.clock.now_ms();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not keep the certificate as it is.
        if (now_ms - shown.looked_at_ms).abs() >= LOOK_INTERVAL_MS {
            shown.looked_at_ms = now_ms;
            match shown.source.renewed(now_ms) {
                Ok(Some(certificate)) => {
                    shown.certificate = certificate;
                    tracing::info!("the certificate was renewed");
                }
                Ok(None) => {}
                Err(sentence) => tracing::warn!("{sentence}; the former certificate stays"),
            }
        }
        Arc::clone(&shown.certificate)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}
