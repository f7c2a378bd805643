//! `/v2/account/configurations`: what the holder of the account has set.
//!
//! Not here: what a setting does to orders.
use serde_json::{Value, json};

use super::Answer;
use super::reply::{bad_request, ok};

/// The settings; as Alpaca has them for a new account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Configurations {
    /// Orders for parts of a share are taken.
    pub(super) fractional_trading: bool,
    /// Buying power is at most so many times equity.
    pub(super) max_margin_multiplier: u32,
    /// No order may open a short position.
    pub(super) no_shorting: bool,
    /// No order is taken.
    pub(super) suspend_trade: bool,
    trade_confirm_email: &'static str,
    ptp_no_exception_entry: bool,
    max_options_trading_level: Option<u32>,
    disable_overnight_trading: bool,
}

impl Default for Configurations {
    fn default() -> Self {
        Configurations {
            fractional_trading: true,
            max_margin_multiplier: 4,
            no_shorting: false,
            suspend_trade: false,
            trade_confirm_email: "all",
            ptp_no_exception_entry: false,
            max_options_trading_level: None,
            disable_overnight_trading: false,
        }
    }
}

impl Configurations {
    fn shown(&self) -> Value {
        json!({
            "fractional_trading": self.fractional_trading,
            "max_margin_multiplier": self.max_margin_multiplier.to_string(),
            "no_shorting": self.no_shorting,
            "suspend_trade": self.suspend_trade,
            "trade_confirm_email": self.trade_confirm_email,
            "ptp_no_exception_entry": self.ptp_no_exception_entry,
            "max_options_trading_level": self.max_options_trading_level,
            "disable_overnight_trading": self.disable_overnight_trading,
        })
    }

    /// `GET`.
    pub(super) fn get(&self) -> Answer {
        ok(&self.shown())
    }

    /// `PATCH`: what is null or not known is left alone; with one bad value nothing changes.
    pub(super) fn patch(&mut self, body: &[u8]) -> Answer {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return bad_request("request body is no JSON object");
        };
        let mut changed = self.clone();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            if changed.set(name, value).is_none() {
                return bad_request(format!("invalid {name}: {value}"));
            }
        }
        *self = changed;
        self.get()
    }

    /// `None` for a value that the field cannot have.
    fn set(&mut self, name: &str, value: &Value) -> Option<()> {
        match name {
            "fractional_trading" => self.fractional_trading = value.as_bool()?,
            "no_shorting" => self.no_shorting = value.as_bool()?,
            "suspend_trade" => self.suspend_trade = value.as_bool()?,
            "ptp_no_exception_entry" => self.ptp_no_exception_entry = value.as_bool()?,
            "disable_overnight_trading" => self.disable_overnight_trading = value.as_bool()?,
            "max_margin_multiplier" => {
                let times = value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok())?;
                self.max_margin_multiplier = [1, 2, 4].into_iter().find(|own| u64::from(*own) == times)?;
            }
            "trade_confirm_email" => {
                self.trade_confirm_email = ["all", "none"].into_iter().find(|own| value == own)?;
            }
            "max_options_trading_level" => {
                let level = value.as_u64().and_then(|level| u32::try_from(level).ok())?;
                self.max_options_trading_level = Some(level).filter(|level| *level <= 3);
                self.max_options_trading_level?;
            }
            // Settings that Alpaca no longer has are still sent by its own clients.
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(own: &mut Configurations, body: Value) -> (u16, Value) {
        let answer = own.patch(body.to_string().as_bytes());
        (answer.status, serde_json::from_str(answer.body.as_deref().unwrap_or_default()).expect("JSON"))
    }

    #[test]
    fn what_is_sent_is_kept_and_nulls_are_not() {
        let mut own = Configurations::default();
        let body = json!({
            "suspend_trade": true, "max_margin_multiplier": "2", "trade_confirm_email": "none", "no_shorting": null,
            "dtbp_check": null, "pdt_check": "entry", "max_options_trading_level": 2,
        });
        let (status, shown) = patched(&mut own, body);
        assert_eq!(status, 200);
        let wanted = json!({
            "fractional_trading": true, "max_margin_multiplier": "2", "no_shorting": false, "suspend_trade": true,
            "trade_confirm_email": "none", "ptp_no_exception_entry": false, "max_options_trading_level": 2,
            "disable_overnight_trading": false,
        });
        assert_eq!(shown, wanted);
        assert_eq!(own.get().body, Some(wanted.to_string()));
        assert_eq!(patched(&mut own, json!({ "max_margin_multiplier": 1 })).1["max_margin_multiplier"], "1");
    }

    #[test]
    fn a_bad_value_changes_nothing() {
        let mut own = Configurations::default();
        for (name, value) in [
            ("suspend_trade", json!("yes")),
            ("max_margin_multiplier", json!("3")),
            ("trade_confirm_email", json!("some")),
            ("max_options_trading_level", json!(4)),
        ] {
            let (status, shown) = patched(&mut own, json!({ "no_shorting": true, name: value }));
            assert_eq!((status, shown["code"].clone()), (400, json!(40_010_001)), "{name}");
            assert!(shown["message"].as_str().expect("text").starts_with(&format!("invalid {name}: ")), "{shown}");
        }
        assert_eq!(own, Configurations::default());
        assert_eq!(own.patch(b"[]").status, 400);
        assert_eq!(own.patch(b"{").status, 400);
    }
}
