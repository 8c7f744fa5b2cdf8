use super::*;

const NOW: i64 = 1_716_931_200;
const V5_BODY: &[u8] = br#"{"api_version":"v5","action":"payment.succeeded","data":{"id":"pay_1"}}"#;
const V5_SIGNATURE: &str = "t=1716931200,v1=8aa03af303c9d5fe5ab1fb0fc00af48cac1b41bf1bfaa7b9b656f78c6c8186c2";
const STANDARD_BODY: &[u8] =
    br#"{"type":"payment.succeeded","timestamp":"2024-05-28T21:20:00Z","data":{"id":"pay_1"}}"#;
const STANDARD_SECRET: &str = "Z3VpbGRoYWxsIHdlYmhvb2sgc2VjcmV0";
const STANDARD_SIGNATURE: &str = "v1,PgW0aYiFr9HRiMrpEwcRx0gMrt3RbBR/Fo6EMOEbdd0=";

fn standard(signature: &str) -> StandardWebhookHeaders<'_> {
    StandardWebhookHeaders { id: "msg_1", timestamp: "1716931200", signature }
}

#[test]
fn a_genuine_v5_webhook_is_read() {
    let webhook = WebhookValidator::new("guild secret").validate_v5_at(V5_SIGNATURE, V5_BODY, NOW).unwrap();
    assert_eq!(webhook.action, "payment.succeeded");
    assert_eq!(webhook.api_version.as_deref(), Some("v5"));
    assert_eq!(webhook.data["id"], "pay_1");
}

#[test]
fn a_v5_webhook_is_good_for_300_seconds_either_way() {
    let validator = WebhookValidator::new("guild secret");
    for (now, is_good) in [(NOW + 300, true), (NOW - 300, true), (NOW + 301, false), (NOW - 301, false)] {
        let answer = validator.validate_v5_at(V5_SIGNATURE, V5_BODY, now);
        assert_eq!(answer.is_ok(), is_good, "{now}");
    }
    let reset = V5_SIGNATURE.replace("1716931200", "1716931201");
    assert_eq!(validator.validate_v5_at(&reset, V5_BODY, NOW), Err(WebhookError::Signature));
    let extreme = format!("t={},v1=00", i64::MIN);
    assert_eq!(validator.validate_v5_at(&extreme, V5_BODY, NOW), Err(WebhookError::Timestamp));
}

#[test]
fn a_v5_webhook_that_was_changed_or_signed_by_another_is_refused() {
    let validator = WebhookValidator::new("guild secret");
    let changed = b"{\"action\":\"payment.failed\",\"data\":{}}";
    assert_eq!(validator.validate_v5_at(V5_SIGNATURE, changed, NOW), Err(WebhookError::Signature));
    let another = WebhookValidator::new("other secret");
    assert_eq!(another.validate_v5_at(V5_SIGNATURE, V5_BODY, NOW), Err(WebhookError::Signature));
    let cut = V5_SIGNATURE.strip_suffix("c2").unwrap();
    assert_eq!(validator.validate_v5_at(cut, V5_BODY, NOW), Err(WebhookError::Signature));
    for malformed in ["", "t=1716931200", "v1=00", "t=soon,v1=00", "t=1716931200,v1=0", "t=1716931200,v1=zé"]
    {
        assert_eq!(
            validator.validate_v5_at(malformed, V5_BODY, NOW),
            Err(WebhookError::Header),
            "{malformed}"
        );
    }
}

#[test]
fn a_genuine_standard_webhook_is_read_with_and_without_the_prefix() {
    for secret in [STANDARD_SECRET.to_owned(), format!("whsec_{STANDARD_SECRET}")] {
        let validator = WebhookValidator::new(secret);
        let headers = standard(STANDARD_SIGNATURE);
        let webhook = validator.validate_standard_at(headers, STANDARD_BODY, NOW).unwrap();
        assert_eq!(webhook.event_type, "payment.succeeded");
        assert_eq!(webhook.data["id"], "pay_1");
    }
}

#[test]
fn one_good_signature_of_several_is_enough_and_none_is_not() {
    let validator = WebhookValidator::new(STANDARD_SECRET);
    let several = format!("v1a,AAAA v1,AAAA {STANDARD_SIGNATURE}");
    assert!(validator.validate_standard_at(standard(&several), STANDARD_BODY, NOW).is_ok());
    for signature in ["", "v1,", "v1,AAAA", "v1,not base64", &STANDARD_SIGNATURE[3..]] {
        let answer = validator.validate_standard_at(standard(signature), STANDARD_BODY, NOW);
        assert_eq!(answer, Err(WebhookError::Signature), "{signature}");
    }
}

/// The example that the Standard Webhooks specification publishes; its body is not one of ours.
#[test]
fn the_specifications_own_example_is_genuine() {
    let validator = WebhookValidator::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let headers = StandardWebhookHeaders {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    let body = br#"{"test": 2432232314}"#;
    assert_eq!(validator.validate_standard_at(headers, body, 1_614_265_330), Err(WebhookError::Body));
    assert_eq!(validator.validate_standard_at(headers, b"{}", 1_614_265_330), Err(WebhookError::Signature));
    assert_eq!(validator.validate_standard_at(headers, body, NOW), Err(WebhookError::Timestamp));
}

#[test]
fn a_secret_that_is_not_base64_is_told_apart_from_a_wrong_one() {
    let validator = WebhookValidator::new("whsec_???");
    let answer = validator.validate_standard_at(standard(STANDARD_SIGNATURE), STANDARD_BODY, NOW);
    assert_eq!(answer, Err(WebhookError::Secret));
}
