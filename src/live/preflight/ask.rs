//! Asking a person at a terminal: the statements of the checklist, and the number of the account that is to trade.
//!
//! Not here: who may be asked (cli: only a terminal is), what the answers are worth (answers, evidence).
//! Invariant: only the word `yes`, whole, is a yes; the end of the input is a no to everything.
use std::io::{self, BufRead, Write};

use super::answers::Question;
use crate::domain::Money;
use crate::live::session::words::dollars;

/// Longest line that is read; a number or a yes is far shorter.
const LINE_MAX: u64 = 256;

/// Asks the questions in order. Gives those answered `yes`.
pub fn ask_questions(
    questions: &[&'static Question],
    input: &mut impl BufRead,
    out: &mut impl Write,
) -> io::Result<Vec<&'static Question>> {
    let mut confirmed = Vec::new();
    if !questions.is_empty() {
        writeln!(out, "Only you can know the following. Type yes where it is true; anything else is a no.\n")?;
    }
    for question in questions {
        write!(out, "{}\n  yes or no: ", question.statement)?;
        out.flush()?;
        match line(input)? {
            None => break,
            Some(text) if text == "yes" => confirmed.push(*question),
            Some(_) => {}
        }
    }
    if !questions.is_empty() {
        writeln!(out)?;
    }
    Ok(confirmed)
}

/// Asks for the number of the live account; `None` where nothing was typed. The program is about to trade `cash`.
pub fn ask_account_number(cash: Money, input: &mut impl BufRead, out: &mut impl Write) -> io::Result<Option<String>> {
    writeln!(out, "This session trades with real money: {} of it.", dollars(cash))?;
    write!(out, "Type the number of the live account, as Alpaca shows it, to go on: ")?;
    out.flush()?;
    Ok(line(input)?.filter(|text| !text.is_empty()))
}

/// A line without the spaces around it; `None` at the end of the input.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = String::new();
    let read = io::Read::take(&mut *input, LINE_MAX).read_line(&mut text)?;
    Ok((read > 0).then(|| text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::answers::QUESTIONS;
    use super::*;

    fn confirmed(typed: &str) -> Vec<&'static str> {
        let asked: Vec<&'static Question> = QUESTIONS.iter().take(3).collect();
        let mut out = Vec::new();
        let yes = ask_questions(&asked, &mut typed.as_bytes(), &mut out).expect("asked");
        assert!(String::from_utf8(out).expect("text").contains(QUESTIONS[0].statement));
        yes.iter().map(|question| question.id).collect()
    }

    #[test]
    fn only_yes_is_yes() {
        let [first, second, third] = [QUESTIONS[0].id, QUESTIONS[1].id, QUESTIONS[2].id];
        assert_eq!(confirmed("yes\nyes\nyes\n"), [first, second, third]);
        assert_eq!(confirmed("y\nYES\n yes \n"), [third], "the whole word, in small letters");
        assert_eq!(confirmed("yes\n"), [first], "the end of the input is a no");
        assert!(confirmed("").is_empty());
    }

    #[test]
    fn the_number_is_what_was_typed() {
        let cash = Money::from_cents(10_000_000);
        let mut out = Vec::new();
        ask_account_number(cash, &mut &b""[..], &mut out).expect("asked");
        assert!(String::from_utf8(out).expect("text").contains("real money: $100,000.00 of it"));
        let number = |typed: &str| ask_account_number(cash, &mut typed.as_bytes(), &mut Vec::new()).expect("asked");
        assert_eq!(number(" 987654321 \n").as_deref(), Some("987654321"));
        assert_eq!(number("\n"), None);
        assert_eq!(number(""), None);
        assert_eq!(number(&"9".repeat(1000)).expect("text").len(), 256, "a line is bounded");
    }
}
