use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use p256::ecdsa::SigningKey;
use p256::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};

const NOW: i64 = 1_716_931_200;

/// A key whose every byte is `seed`.
fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn public_key(key: &SigningKey) -> String {
    let point = key.verifying_key().to_encoded_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| {
        URL_SAFE_NO_PAD.encode(bytes.expect("an uncompressed point holds both coordinates"))
    };
    json!({ "kty": "EC", "crv": "P-256", "x": coordinate(point.x()), "y": coordinate(point.y()) }).to_string()
}

fn sign(key: &SigningKey, claims: &Value) -> String {
    let key = EncodingKey::from_ec_der(key.to_pkcs8_der().unwrap().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::ES256), claims, &key).unwrap()
}

fn claims() -> Value {
    json!({ "iss": "urn:whopcom:exp-proxy", "sub": "user_1", "aud": "app_1", "exp": NOW + 60 })
}

fn verify(token: &str) -> Result<UserToken, UserTokenError> {
    let public_key = public_key(&key(1));
    verify_user_token_at(token, UserTokenOptions { app_id: "app_1", public_key: &public_key }, NOW)
}

#[test]
fn a_genuine_token_tells_who_looks_at_which_app() {
    let token = verify(&sign(&key(1), &claims())).unwrap();
    let expected = UserToken { user_id: "user_1".into(), app_id: "app_1".into(), expires_at: NOW + 60 };
    assert_eq!(token, expected);
}

#[test]
fn each_claim_is_held_against_what_is_expected() {
    for (claim, value, expected) in [
        ("iss", json!("urn:somebody-else"), UserTokenError::Issuer),
        ("aud", json!("app_2"), UserTokenError::Audience),
        ("aud", json!(["app_1", "app_2"]), UserTokenError::Malformed),
        ("exp", json!(NOW), UserTokenError::Expired),
        ("exp", json!("tomorrow"), UserTokenError::Malformed),
        ("exp", Value::Null, UserTokenError::Malformed),
        ("sub", Value::Null, UserTokenError::Malformed),
        ("iss", Value::Null, UserTokenError::Malformed),
    ] {
        let mut claims = claims();
        claims[claim] = value.clone();
        assert_eq!(verify(&sign(&key(1), &claims)), Err(expected), "{claim} {value}");
    }
}

#[test]
fn only_the_servers_key_and_algorithm_are_trusted() {
    assert_eq!(verify(&sign(&key(2), &claims())), Err(UserTokenError::Signature));
    let hmac = EncodingKey::from_secret(public_key(&key(1)).as_bytes());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(), &hmac).unwrap();
    assert_eq!(verify(&token), Err(UserTokenError::Malformed));
    assert_eq!(verify("no.token"), Err(UserTokenError::Malformed));

    let genuine = sign(&key(1), &claims());
    for public_key in ["{}", "not json", r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#] {
        let options = UserTokenOptions { app_id: "app_1", public_key };
        assert_eq!(
            verify_user_token_at(&genuine, options, NOW),
            Err(UserTokenError::PublicKey),
            "{public_key}"
        );
    }
}
