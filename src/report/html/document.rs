//! The frame of every page: policy, style with the typeface inside, script, body, data.
//!
//! Not here: what a page says. Its only script and only style are named by hash in the content security policy, and
//! nothing is loaded; same parts, same bytes.
use sha2::{Digest, Sha256};

use super::text::{base64, escape};
use crate::report::font;

/// The style of the house.
const STYLE: &str = include_str!("assets/report.css");

/// The parts of a page.
pub(in crate::report) struct Document<'a> {
    /// Its title, as text.
    pub(in crate::report) title: &'a str,
    /// Rules after those of the house.
    pub(in crate::report) style: &'a str,
    /// Its script.
    pub(in crate::report) script: &'a str,
    /// What the reader sees, as HTML.
    pub(in crate::report) body: &'a str,
    /// What the script reads: JSON without `<`.
    pub(in crate::report) data: &'a str,
}

impl Document<'_> {
    /// The page as one HTML document.
    pub(in crate::report) fn html(&self) -> String {
        let style = style(self.style);
        let mut html =
            String::with_capacity(style.len() + self.script.len() + self.data.len() + self.body.len() + 1024);
        html.push_str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
        html.push_str(&format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; \
             font-src data:; img-src data:; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{} · AlphaFlow</title>\n<style>",
            sha256(self.script),
            sha256(&style),
            escape(self.title)
        ));
        html.push_str(&style);
        html.push_str("</style>\n<script>");
        html.push_str(self.script);
        html.push_str("</script></head>\n<body>\n");
        html.push_str(self.body);
        html.push_str("<script type=\"application/json\" id=\"data\">");
        html.push_str(self.data);
        html.push_str("</script>\n</body></html>\n");
        html
    }
}

/// The style sheet with the typeface inside. Should Inter be unusable, the system's sans stands in.
fn style(more: &str) -> String {
    let mut style = String::new();
    for (weight, bytes) in [(400, font::regular()), (600, font::semibold())] {
        if !bytes.is_empty() {
            style.push_str(&format!(
                "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{}) format(\"truetype\")}}\n",
                base64(bytes)
            ));
        }
    }
    style.push_str(STYLE);
    style.push_str(more);
    style
}

/// The hash as a content security policy wants it.
fn sha256(text: &str) -> String {
    base64(&Sha256::digest(text.as_bytes()))
}
