//! A certificate authority of the data directory's own, for laptops: people trust it once.
//!
//! Since they do, it can vouch for this server's names alone, and its key leaves the directory under no
//! circumstances. Key and certificate share one file, so that neither is ever there without the other; the
//! certificates it gives out are kept in memory only.

use super::name::Name;
use super::provider;
use crate::whole_file::{self, Readers};
use guildhall_app::clock::Random;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The file that holds key and certificate.
const FILE: &str = "authority.pem";
/// The file that clients are told to trust: the certificate alone.
pub(super) const TRUSTED_FILE: &str = "ca.pem";
/// Where the certificate begins in the file: after the key.
const CERTIFICATE_BEGINS: &str = "-----BEGIN CERTIFICATE-----";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long an authority lasts.
const AUTHORITY_MS: i64 = 3650 * DAY_MS;
/// An authority that a start finds with less than this left is replaced.
const AUTHORITY_LEFT_MS: i64 = 365 * DAY_MS;
/// How long a certificate lasts.
const CERTIFICATE_MS: i64 = 90 * DAY_MS;
/// A certificate with less than this left is replaced, whether or not the server ever stops.
const CERTIFICATE_LEFT_MS: i64 = 30 * DAY_MS;
/// How far behind a client's clock may be.
const EARLIER_MS: i64 = DAY_MS;

/// An authority, and where its certificate lies.
#[derive(Debug)]
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    /// The file that clients must trust.
    pub(super) trusted_file: PathBuf,
    /// Whether this start made it, so that nobody trusts it yet.
    pub(super) is_new: bool,
}

impl Authority {
    /// Finds the authority in a directory, or makes one there: also when the one that is there nears its
    /// end or may not vouch for all the names.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn open(
        directory: &Path,
        names: &[Name],
        now_ms: i64,
        random: &Random,
    ) -> Result<Self, String> {
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        std::fs::create_dir_all(&directory)
            .map_err(|error| format!("cannot make the directory {}: {error}", directory.display()))?;
        let (file, trusted_file) = (directory.join(FILE), directory.join(TRUSTED_FILE));
        let kept = match std::fs::read_to_string(&file) {
            Ok(text) => Some(Self::read(&text, &trusted_file).ok_or_else(|| no_authority(&file))?),
            Err(error) if error.kind() == ErrorKind::InvalidData => return Err(no_authority(&file)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(format!("cannot read {}: {error}", file.display())),
        };
        let authority = match kept.filter(|kept| kept.serves(names, now_ms)) {
            Some(kept) => kept,
            None => Self::make(&file, trusted_file, names, now_ms, random)?,
        };
        authority.tell()?;
        Ok(authority)
    }

    /// Reads what [`Self::make`] wrote; `None` when it is anything else.
    fn read(text: &str, trusted_file: &Path) -> Option<Self> {
        let certificate = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).ok()?;
        CertifiedKey::from_der(vec![certificate.clone()], key.clone_key(), &provider()).ok()?;
        let issuer = Issuer::from_ca_cert_der(&certificate, KeyPair::try_from(&key).ok()?).ok()?;
        let pem = text[text.find(CERTIFICATE_BEGINS)?..].to_owned();
        Some(Self { issuer, certificate, pem, trusted_file: trusted_file.to_owned(), is_new: false })
    }

    fn make(
        file: &Path,
        trusted_file: PathBuf,
        names: &[Name],
        now_ms: i64,
        random: &Random,
    ) -> Result<Self, String> {
        let impossible = |error: rcgen::Error| format!("cannot make a certificate authority: {error}");
        let mut params = params(now_ms, AUTHORITY_MS);
        // Two authorities of one name confuse those who trust both.
        let mark: String = random.bytes::<4>().iter().map(|byte| format!("{byte:02x}")).collect();
        params.distinguished_name.push(DnType::CommonName, format!("Guildhall local authority {mark}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: names.iter().map(Name::to_subtree).collect(),
            excluded_subtrees: Vec::new(),
        });
        let key = KeyPair::generate().map_err(impossible)?;
        let certificate = params.self_signed(&key).map_err(impossible)?;
        let pem = certificate.pem();
        let text = format!("{}{pem}", key.serialize_pem());
        whole_file::write(file, &text, Readers::Owner)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        let certificate = certificate.der().clone();
        Ok(Self { issuer: Issuer::new(params, key), certificate, pem, trusted_file, is_new: true })
    }

    /// Whether it lasts long enough and may vouch for all the names.
    fn serves(&self, names: &[Name], now_ms: i64) -> bool {
        let Ok((_, read)) = x509_parser::parse_x509_certificate(&self.certificate) else { return false };
        let ends_ms = read.validity().not_after.timestamp().saturating_mul(1000);
        let Ok(Some(constraints)) = read.name_constraints() else { return false };
        let permitted = constraints.value.permitted_subtrees.as_deref().unwrap_or_default();
        let may_name = |name: &Name| permitted.iter().any(|permitted| name.is_within(&permitted.base));
        ends_ms - now_ms > AUTHORITY_LEFT_MS && names.iter().all(may_name)
    }

    /// Writes the file that clients trust, unless it is there as it should be.
    fn tell(&self) -> Result<(), String> {
        if std::fs::read_to_string(&self.trusted_file).is_ok_and(|there| there == self.pem) {
            return Ok(());
        }
        whole_file::write(&self.trusted_file, &self.pem, Readers::All)
            .map_err(|error| format!("cannot write {}: {error}", self.trusted_file.display()))
    }

    /// A certificate for the names, under a key of its own.
    fn issue(&self, names: &[Name], now_ms: i64) -> Result<Arc<CertifiedKey>, String> {
        let impossible = |error: rcgen::Error| format!("cannot make a certificate: {error}");
        let mut params = params(now_ms, CERTIFICATE_MS);
        params.distinguished_name.push(DnType::CommonName, "Guildhall");
        params.subject_alt_names =
            names.iter().map(Name::to_subject).collect::<Result<_, _>>().map_err(impossible)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(impossible)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(impossible)?;
        let certified = CertifiedKey::from_der(vec![certificate.der().clone()], key.into(), &provider());
        certified.map(Arc::new).map_err(|error| format!("cannot make a certificate: {error}"))
    }
}

fn no_authority(file: &Path) -> String {
    format!("{} holds no certificate authority; move it away, and a new one is made", file.display())
}

/// What authority and certificate have in common.
fn params(now_ms: i64, lasts_ms: i64) -> CertificateParams {
    let begins = u64::try_from((now_ms - EARLIER_MS).max(0)).unwrap_or_default();
    let lasts = u64::try_from(lasts_ms + EARLIER_MS).unwrap_or_default();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(begins / 1000);
    params.not_after = params.not_before + Duration::from_millis(lasts);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Guildhall");
    params
}

/// Certificates of an authority, one after the other.
#[derive(Debug)]
pub(super) struct Issued {
    authority: Authority,
    names: Vec<Name>,
    renew_at_ms: i64,
}

impl Issued {
    pub(super) fn new(authority: Authority, names: Vec<Name>) -> Self {
        Self { authority, names, renew_at_ms: i64::MIN }
    }

    /// Another certificate, when the last one nears its end or there is none.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn renewed(&mut self, now_ms: i64) -> Result<Option<Arc<CertifiedKey>>, String> {
        if now_ms < self.renew_at_ms {
            return Ok(None);
        }
        let issued = self.authority.issue(&self.names, now_ms)?;
        self.renew_at_ms = now_ms + CERTIFICATE_MS - CERTIFICATE_LEFT_MS;
        Ok(Some(issued))
    }
}
