//! The error object that Google's and Yandex Cloud's interfaces share: a number, a sentence, details.

use super::value;
use crate::discovery::ProviderError;
use serde_json::Value;

/// The failure that a status object tells; None where it tells none. Its numbers are those of gRPC.
pub fn failure(status: &Value) -> Option<ProviderError> {
    let code = value::number(&status["code"])? as i64;
    Some(match code {
        0 => return None,
        4 => ProviderError::Timeout,
        7 | 16 => ProviderError::Unauthorized,
        8 => ProviderError::QuotaSpent,
        13..=15 => ProviderError::Unavailable(value::harmless(&status["message"])),
        _ => ProviderError::Refused(value::harmless(&status["message"])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_without_a_number_or_with_zero_is_no_failure() {
        for fine in [json!(null), json!({}), json!({"code": 0}), json!({"message": "nothing"})] {
            assert_eq!(failure(&fine), None, "{fine}");
        }
        assert_eq!(failure(&json!({"code": "16"})), Some(ProviderError::Unauthorized));
        assert_eq!(failure(&json!({"code": 8, "message": "spent"})), Some(ProviderError::QuotaSpent));
        assert_eq!(failure(&json!({"code": 3, "message": "Bad image data."})), Some(ProviderError::Refused("Bad image data.".into())));
    }
}
