//! Signatures: an address that nobody can guess and that stops working.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs addresses with a secret that every copy of the server shares.
#[derive(Clone)]
pub(crate) struct Signer {
    secret: [u8; 32],
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Signer")
    }
}

impl Signer {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The path with the moment it stops working (seconds since 1970) and its signature.
    pub(crate) fn sign(&self, method: &str, path: &str, expires_at: i64) -> String {
        let signature = self.mac(method, path, expires_at).finalize().into_bytes();
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{path}?expires={expires_at}&signature={hex}")
    }

    /// Whether a signature is ours and its time is not over. `now` in seconds.
    pub(crate) fn verify(
        &self,
        method: &str,
        path: &str,
        expires_at: i64,
        signature: &str,
        now: i64,
    ) -> bool {
        let bytes: Option<Vec<u8>> = (signature.len() == 64 && signature.is_ascii())
            .then(|| (0..32).map(|i| u8::from_str_radix(&signature[2 * i..2 * i + 2], 16).ok()).collect())
            .flatten();
        let sound =
            bytes.is_some_and(|bytes| self.mac(method, path, expires_at).verify_slice(&bytes).is_ok());
        sound && expires_at > now
    }

    fn mac(&self, method: &str, path: &str, expires_at: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("an HMAC key may have any length");
        mac.update(format!("{method}\n{path}\n{expires_at}").as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_living_signatures_pass() {
        let signer = Signer::new([7; 32]);
        let address = signer.sign("GET", "/files/file_1/a.png", 100);
        let signature = address.rsplit('=').next().expect("a signature");
        let verify = |method: &str, path: &str, expires, signature: &str, now| {
            signer.verify(method, path, expires, signature, now)
        };
        assert!(verify("GET", "/files/file_1/a.png", 100, signature, 99));
        assert!(!verify("GET", "/files/file_1/a.png", 100, signature, 100), "over");
        assert!(!verify("PUT", "/files/file_1/a.png", 100, signature, 99), "another method");
        assert!(!verify("GET", "/files/file_2/a.png", 100, signature, 99), "another file");
        assert!(!verify("GET", "/files/file_1/a.png", 101, signature, 99), "another time");
        assert!(!verify("GET", "/files/file_1/a.png", 100, &"é".repeat(32), 99), "garbage");
        assert!(
            !Signer::new([8; 32]).verify("GET", "/files/file_1/a.png", 100, signature, 99),
            "another secret"
        );
    }
}
