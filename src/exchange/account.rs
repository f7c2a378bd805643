//! `GET /v2/account`.
//!
//! Not here: buying power (orders::admit), equity over time (history).
//! Margin is what Reg T asks for: half of every position at the start where the account may borrow, all of it where
//! it may not; 30 % of it to keep. No fee is ever pending: fees are paid with their fills.
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Answer;
use super::core::Exchange;
use super::ids;
use super::reply::ok;
use crate::domain::{Money, Ratio, SymbolIndex};

const HALF: Ratio = Ratio::from_units(500_000_000);
const MAINTENANCE: Ratio = Ratio::from_units(300_000_000);

impl Exchange {
    /// `GET /v2/account`.
    pub(super) fn show_account(&self) -> Answer {
        ok(&self.account())
    }

    fn account(&self) -> Value {
        let Value::Object(mut fields) = self.standing() else { unreachable!("it is written as an object") };
        for more in [self.worth(), self.powers()] {
            fields.extend(more.as_object().cloned().unwrap_or_default());
        }
        Value::Object(fields)
    }

    /// Who it is and what it may do.
    fn standing(&self) -> Value {
        json!({
            "id": ids::account_id(&self.setup.name),
            "account_number": self.account_number(),
            "status": "ACTIVE",
            "crypto_status": "ACTIVE",
            "currency": "USD",
            "created_at": self.tape().session(0).midnight.to_string(),
            "trading_blocked": false,
            "transfers_blocked": false,
            "account_blocked": false,
            "shorting_enabled": self.may_short(),
            "trade_suspended_by_user": self.reading.configurations.suspend_trade,
            "multiplier": self.multiplier().to_string(),
            "pattern_day_trader": false,
            "daytrade_count": 0,
            "crypto_tier": 0,
            "options_approved_level": 0,
            "options_trading_level": 0,
            "admin_configurations": {},
            "user_configurations": null,
        })
    }

    /// What it is worth.
    fn worth(&self) -> Value {
        let (long, short) = self.market_values();
        let equity = self.ledger.equity().to_string();
        let asof = self.day.asof.or(self.tape().day().map(|day| day.date)).unwrap_or(self.tape().now());
        json!({
            "cash": self.ledger.cash().to_string(),
            "equity": equity,
            "portfolio_value": equity,
            "last_equity": self.day.last_equity.to_string(),
            "balance_asof": asof.utc_date().to_string(),
            "long_market_value": long.to_string(),
            "short_market_value": short.to_string(),
            "position_market_value": (long - short).to_string(),
            "accrued_fees": "0",
            "pending_reg_taf_fees": "0",
            "intraday_adjustments": "0",
            "pending_transfer_in": "0",
            "pending_transfer_out": "0",
        })
    }

    /// What it may spend, and what it must keep.
    fn powers(&self) -> Value {
        let (equity, gross) = (self.ledger.equity(), self.ledger.gross_exposure());
        let power = self.buying_power().max(Money::ZERO).to_string();
        // Without borrowing: what is not in positions or set aside.
        let borrowed = Money::from_units(equity.units().saturating_mul(i128::from(self.multiplier() - 1)));
        let own = (self.buying_power() - borrowed).max(Money::ZERO).to_string();
        let initial = if self.multiplier() > 1 { gross.share(HALF) } else { gross };
        json!({
            "buying_power": power,
            "regt_buying_power": power,
            "effective_buying_power": power,
            "non_marginable_buying_power": own,
            "options_buying_power": own,
            "daytrading_buying_power": "0",
            "initial_margin": initial.to_string(),
            "maintenance_margin": gross.share(MAINTENANCE).to_string(),
            "last_maintenance_margin": self.day.last_gross.share(MAINTENANCE).to_string(),
            "sma": (equity - initial).max(Money::ZERO).to_string(),
        })
    }

    /// Value of all longs, and of all shorts, which is not above zero.
    fn market_values(&self) -> (Money, Money) {
        let values = || self.ledger.positions().iter().map(|position| position.value());
        let long = values().filter(|value| *value > Money::ZERO).sum();
        (long, values().filter(|value| *value < Money::ZERO).sum())
    }

    fn account_number(&self) -> String {
        let digest = Sha256::digest(self.setup.name.as_bytes());
        let letters: String = digest.iter().take(5).map(|byte| format!("{byte:02X}")).collect();
        format!("PA{letters}")
    }

    /// The position in an asset.
    pub(super) fn holding(&self, asset: usize) -> &crate::portfolio::Position {
        self.ledger.position(SymbolIndex(asset as u16))
    }
}
