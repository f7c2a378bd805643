//! From the text of a condition to its typed parts.
//!
//! Not here: their values at a point (`condition_term`).
//! From loose to tight: `or`; `and`; `not`; one comparison; `+ -`; `* /`; sign; number, text, key, parentheses.
use std::ops::Range;

use super::condition::{Scope, Trouble};
use super::condition_term::{Comparison, Number, Term, Test, Text, time};
use super::condition_token::{Placed, Token, tokens};
use super::fraction::Fraction;

/// Deepest nesting of parentheses, `not` and signs: more than anyone reads, far less than a stack holds.
const DEPTH_MAX: usize = 32;

/// Reads a condition whose keys `scope` knows.
pub(super) fn parse(text: &str, scope: &Scope<'_>) -> Result<Test, Trouble> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: text.len(), depth: 0, scope };
    let test = parser.any()?.test("the condition")?;
    match parser.peek() {
        None => Ok(test),
        Some(_) => Err(parser.unexpected("and, or, or the end")),
    }
}

struct Parser<'a> {
    tokens: Vec<Placed>,
    next: usize,
    /// Bytes of the text.
    end: usize,
    depth: usize,
    scope: &'a Scope<'a>,
}

/// Makes a number of the two around a sign.
type Operation = fn(Box<Number>, Box<Number>) -> Number;

/// A term and the bytes it stands at.
struct Found {
    term: Term,
    span: Range<usize>,
}

impl Found {
    fn test(self, what: &str) -> Result<Test, Trouble> {
        match self.term {
            Term::Test(test) => Ok(test),
            other => {
                let text = format!("{what} is {}, not a comparison", other.kind());
                Err(Trouble::new(self.span, text).note("compare it with something: < <= > >= == !="))
            }
        }
    }

    fn number(self, sign: &str) -> Result<Number, Trouble> {
        match self.term {
            Term::Number(number) => Ok(number),
            other => Err(Trouble::new(self.span, format!("{} takes no {sign}", other.kind()))),
        }
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(token, _)| token)
    }

    /// Takes the next word if it is this sign.
    fn take_sign(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.next += usize::from(is_next);
        is_next
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Word(next)) if next == word);
        self.next += usize::from(is_next);
        is_next
    }

    fn unexpected(&self, wanted: &str) -> Trouble {
        match self.tokens.get(self.next) {
            None => Trouble::new(self.end..self.end, format!("the condition ends where {wanted} is due")),
            Some((token, span)) => {
                let found = match token {
                    Token::Number(text) | Token::Word(text) => text.as_str(),
                    Token::Text(_) => "a text",
                    Token::Sign(sign) => sign,
                };
                Trouble::new(span.clone(), format!("{wanted} is due, found {found}"))
            }
        }
    }

    /// One level deeper, if there is one.
    fn deeper(&mut self) -> Result<(), Trouble> {
        self.depth += 1;
        if self.depth <= DEPTH_MAX {
            return Ok(());
        }
        let span = self.tokens.get(self.next).map_or(self.end..self.end, |(_, span)| span.clone());
        let what = format!("a condition nests deeper than {DEPTH_MAX}");
        Err(Trouble::new(span, what).note("split it: all texts of `where` must hold"))
    }

    fn any(&mut self) -> Result<Found, Trouble> {
        self.chain("or", Parser::every, Test::Any)
    }

    fn every(&mut self) -> Result<Found, Trouble> {
        self.chain("and", Parser::not, Test::All)
    }

    /// Tests with `word` between them; one alone stays what it is.
    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Found, Trouble>,
        together: fn(Vec<Test>) -> Test,
    ) -> Result<Found, Trouble> {
        let first = part(self)?;
        if !matches!(self.peek(), Some(Token::Word(next)) if next == word) {
            return Ok(first);
        }
        let start = first.span.start;
        let mut tests = vec![first.test(&format!("a part of `{word}`"))?];
        let mut end = start;
        while self.take_word(word) {
            let next = part(self)?;
            end = next.span.end;
            tests.push(next.test(&format!("a part of `{word}`"))?);
        }
        Ok(Found { term: Term::Test(together(tests)), span: start..end })
    }

    fn not(&mut self) -> Result<Found, Trouble> {
        let start = self.start();
        if !self.take_word("not") {
            return self.comparison();
        }
        self.deeper()?;
        let inner = self.not()?;
        self.depth -= 1;
        let span = start..inner.span.end;
        Ok(Found { term: Term::Test(Test::Not(Box::new(inner.test("what follows `not`")?))), span })
    }

    fn start(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(_, span)| span.start)
    }

    fn comparison(&mut self) -> Result<Found, Trouble> {
        let left = self.sum()?;
        let Some(comparison) = self.take_comparison() else { return Ok(left) };
        let right = self.sum()?;
        if self.take_comparison().is_some() {
            let sign = self.tokens[self.next - 1].1.clone();
            let trouble = Trouble::new(sign, "comparisons do not chain");
            return Err(trouble.note("write a < b and b < c for a < b < c"));
        }
        let span = left.span.start..right.span.end;
        let test = compare(left, comparison, right)?;
        Ok(Found { term: Term::Test(test), span })
    }

    fn take_comparison(&mut self) -> Option<Comparison> {
        let Some(Token::Sign(sign)) = self.peek() else { return None };
        let comparison = match *sign {
            "<" => Comparison::Below,
            "<=" => Comparison::AtMost,
            ">" => Comparison::Above,
            ">=" => Comparison::AtLeast,
            "==" => Comparison::Equal,
            "!=" => Comparison::Unequal,
            _ => return None,
        };
        self.next += 1;
        Some(comparison)
    }

    fn sum(&mut self) -> Result<Found, Trouble> {
        self.arithmetic(&[("+", Number::Sum), ("-", Number::Difference)], Parser::product)
    }

    fn product(&mut self) -> Result<Found, Trouble> {
        self.arithmetic(&[("*", Number::Product), ("/", Number::Quotient)], Parser::signed)
    }

    /// Numbers with signs between them, from left to right; one term alone stays what it is.
    fn arithmetic(
        &mut self,
        signs: &[(&str, Operation)],
        part: fn(&mut Self) -> Result<Found, Trouble>,
    ) -> Result<Found, Trouble> {
        let mut left = part(self)?;
        while let Some((sign, make)) = signs.iter().find(|(sign, _)| self.take_sign(sign)) {
            let right = part(self)?;
            let span = left.span.start..right.span.end;
            let number = make(Box::new(left.number(sign)?), Box::new(right.number(sign)?));
            left = Found { term: Term::Number(number), span };
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Found, Trouble> {
        let start = self.start();
        if !self.take_sign("-") {
            return self.single();
        }
        self.deeper()?;
        let inner = self.signed()?;
        self.depth -= 1;
        let span = start..inner.span.end;
        Ok(Found { term: Term::Number(Number::Negative(Box::new(inner.number("-")?))), span })
    }

    fn single(&mut self) -> Result<Found, Trouble> {
        let start = self.start();
        if self.take_sign("(") {
            self.deeper()?;
            let inner = self.any()?;
            self.depth -= 1;
            if !self.take_sign(")") {
                return Err(self.unexpected("`)`"));
            }
            return Ok(Found { term: inner.term, span: start..self.tokens[self.next - 1].1.end });
        }
        let Some((token, span)) = self.tokens.get(self.next).cloned() else {
            return Err(self.unexpected("a key or a number"));
        };
        let term = match &token {
            Token::Number(text) => match Fraction::parse(text) {
                Some(number) => Term::Number(Number::Fixed(number)),
                None => return Err(Trouble::new(span, format!("{text} cannot be read as a number"))),
            },
            Token::Text(text) => Term::Text(Text::Fixed(text.clone())),
            Token::Word(word) => match word.as_str() {
                "true" => Term::Test(Test::Fixed(true)),
                "false" => Term::Test(Test::Fixed(false)),
                "and" | "or" | "not" => return Err(self.unexpected("a key or a number")),
                key => self.scope.find(key, &span)?,
            },
            Token::Sign(_) => return Err(self.unexpected("a key or a number")),
        };
        self.next += 1;
        Ok(Found { term, span })
    }
}

fn compare(left: Found, comparison: Comparison, right: Found) -> Result<Test, Trouble> {
    let wanted = match comparison {
        Comparison::Equal => Some(true),
        Comparison::Unequal => Some(false),
        _ => None,
    };
    let span = left.span.start..right.span.end;
    let kinds = (left.term.kind(), right.term.kind());
    match (left.term, right.term, wanted) {
        (Term::Number(left), Term::Number(right), _) | (Term::Time(left), Term::Time(right), _) => {
            Ok(Test::Order(left, comparison, right))
        }
        (Term::Time(moment), Term::Text(Text::Fixed(text)), _) => {
            Ok(Test::Order(moment, comparison, moment_in(&text, right.span)?))
        }
        (Term::Text(Text::Fixed(text)), Term::Time(moment), _) => {
            Ok(Test::Order(moment_in(&text, left.span)?, comparison, moment))
        }
        (Term::Text(left), Term::Text(right), Some(wanted)) => Ok(Test::SameText(left, right, wanted)),
        (Term::Test(left), Term::Test(right), Some(wanted)) => Ok(Test::Alike(Box::new(left), Box::new(right), wanted)),
        (Term::Text(_), Term::Text(_), None) | (Term::Test(_), Term::Test(_), None) => {
            let what = format!("{} has no order", kinds.0);
            Err(Trouble::new(span, what).note("compare it with == or !="))
        }
        _ => Err(Trouble::new(span, format!("{} cannot be compared with {}", kinds.0, kinds.1))),
    }
}

fn moment_in(text: &str, span: Range<usize>) -> Result<Number, Trouble> {
    let moment = time(text).map(Number::Fixed);
    moment.ok_or_else(|| Trouble::new(span, "this is no date").note("write a date like '2013-10-07'"))
}
