//! What plotters draws on: a backend of exact coverage instead of jagged pixels.
//!
//! Not here: what to draw (report::chart::frame). Coordinates and widths plotters hands over are
//! whole numbers of [`UNITS_PER_PIXEL`]; text stands on its baseline (`VPos::Bottom`), hangs from
//! its capitals (`VPos::Top`) or is centred on them (`VPos::Center`).
use std::cell::RefCell;
use std::rc::Rc;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};
use ttf_parser::OutlineBuilder;

use super::raster::{Canvas, Ink, Point};
use crate::report::font::{FontError, Typeface, Weight};

/// Steps in a pixel: a plotters coordinate is a whole number, a line's place is not.
pub const UNITS_PER_PIXEL: f32 = 16.0;

/// The name of the typeface for plain text.
pub const PLAIN: &str = "Inter";
/// The name of the typeface for text over lines: with a white edge that keeps them apart from it.
pub const EDGED: &str = "Inter with a white edge";
/// Width of that edge's stroke, half of it outside the letters.
const TEXT_EDGE_PX: f32 = 5.0;

type DrawResult = Result<(), DrawingErrorKind<FontError>>;

/// A canvas shared by the drawing areas of one chart, and the typefaces used so far.
pub struct Surface {
    canvas: Rc<RefCell<Canvas>>,
    typefaces: Typefaces,
}

/// Typefaces by weight and size, made when first asked for.
#[derive(Default)]
pub struct Typefaces(RefCell<Vec<(Weight, u32, Rc<Typeface>)>>);

impl Typefaces {
    /// The typeface for text of `size_px` pixels.
    pub fn get(&self, weight: Weight, size_px: u32) -> Result<Rc<Typeface>, FontError> {
        let mut known = self.0.borrow_mut();
        if let Some((.., typeface)) = known.iter().find(|(w, s, _)| *w == weight && *s == size_px) {
            return Ok(Rc::clone(typeface));
        }
        let typeface = Rc::new(Typeface::new(weight, size_px as f32)?);
        known.push((weight, size_px, Rc::clone(&typeface)));
        Ok(typeface)
    }
}

impl Surface {
    /// A surface over `canvas`.
    pub fn new(canvas: Rc<RefCell<Canvas>>) -> Surface {
        Surface { canvas, typefaces: Typefaces::default() }
    }

    fn typeface<S: BackendTextStyle>(&self, style: &S) -> Result<(Rc<Typeface>, f32), DrawingErrorKind<FontError>> {
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::SemiBold } else { Weight::Regular };
        let size = style.size();
        let typeface = self.typefaces.get(weight, size.round() as u32).map_err(DrawingErrorKind::DrawingError)?;
        Ok((typeface, size as f32))
    }
}

impl DrawingBackend for Surface {
    type ErrorType = FontError;

    fn get_size(&self) -> (u32, u32) {
        let canvas = self.canvas.borrow();
        let units = |pixels: usize| (pixels as f32 * UNITS_PER_PIXEL) as u32;
        (units(canvas.width()), units(canvas.height()))
    }

    fn ensure_prepared(&mut self) -> DrawResult {
        Ok(())
    }

    fn present(&mut self) -> DrawResult {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> DrawResult {
        self.draw_circle(point, (UNITS_PER_PIXEL / 2.0) as u32, &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> DrawResult {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> DrawResult {
        let mut canvas = self.canvas.borrow_mut();
        let width = style.stroke_width() as f32 / UNITS_PER_PIXEL;
        let mut points = path.into_iter().map(pixels);
        let Some(mut from) = points.next() else { return Ok(()) };
        for to in points {
            canvas.stroke(from, to, width);
            from = to;
        }
        canvas.ink_strokes(ink(style.color()));
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> DrawResult {
        let ((left, top), (right, bottom)) = (upper_left, bottom_right);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        if fill {
            self.fill_polygon(corners, style)
        } else {
            self.draw_path(corners.into_iter().chain([(left, top)]), style)
        }
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> DrawResult {
        let mut canvas = self.canvas.borrow_mut();
        canvas.stroke(pixels(center), pixels(center), 2.0 * radius as f32 / UNITS_PER_PIXEL);
        canvas.ink_strokes(ink(style.color()));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> DrawResult {
        let mut canvas = self.canvas.borrow_mut();
        let points: Vec<Point> = vert.into_iter().map(pixels).collect();
        canvas.polygon(&points);
        canvas.ink_area(ink(style.color()));
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, pos: BackendCoord) -> DrawResult {
        let (typeface, size) = self.typeface(style)?;
        let (glyphs, width) = typeface.layout(text, size);
        let (x, y) = pixels(pos);
        let left = match style.anchor().h_pos {
            HPos::Left => x,
            HPos::Center => x - width / 2.0,
            HPos::Right => x - width,
        };
        let baseline = match style.anchor().v_pos {
            VPos::Top => y + typeface.cap_height(size),
            VPos::Center => y + typeface.cap_height(size) / 2.0,
            VPos::Bottom => y,
        };
        let mut contours = Contours { scale: typeface.scale(size), origin: (left, baseline), lines: Vec::new() };
        for glyph in glyphs {
            contours.origin.0 = left + glyph.x;
            typeface.outline(glyph.glyph, &mut contours);
        }
        let mut canvas = self.canvas.borrow_mut();
        let edged = style.family().as_str() == EDGED;
        for contour in contours.lines.iter().filter(|_| edged) {
            contour.windows(2).for_each(|ends| canvas.stroke(ends[0], ends[1], TEXT_EDGE_PX));
        }
        canvas.ink_strokes(Ink { rgb: (255, 255, 255), alpha: 1.0 });
        contours.lines.iter().for_each(|contour| canvas.polygon(contour));
        canvas.ink_area(ink(style.color()));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<FontError>> {
        let (typeface, size) = self.typeface(style)?;
        let units = |pixels: f32| (pixels * UNITS_PER_PIXEL).ceil() as u32;
        Ok((units(typeface.layout(text, size).1), units(typeface.cap_height(size))))
    }
}

fn pixels(point: BackendCoord) -> Point {
    (point.0 as f32 / UNITS_PER_PIXEL, point.1 as f32 / UNITS_PER_PIXEL)
}

fn ink(color: BackendColor) -> Ink {
    Ink { rgb: color.rgb, alpha: color.alpha as f32 }
}

/// Outlines of glyphs as closed runs of points in pixels.
struct Contours {
    scale: f32,
    origin: Point,
    lines: Vec<Vec<Point>>,
}

impl Contours {
    fn place(&self, x: f32, y: f32) -> Point {
        (self.origin.0 + x * self.scale, self.origin.1 - y * self.scale)
    }

    fn last(&self) -> Point {
        self.lines.last().and_then(|line| line.last()).copied().unwrap_or(self.origin)
    }

    fn push(&mut self, point: Point) {
        if let Some(line) = self.lines.last_mut() {
            line.push(point);
        }
    }

    /// Straight pieces in place of a curve given by its value at a share `t` of the way.
    fn curve(&mut self, at: impl Fn(f32) -> Point) {
        // Letters are at most 32 pixels high: a quarter of a curve is within a tenth of a pixel.
        const PIECES: u8 = 4;
        for piece in 1..=PIECES {
            self.push(at(f32::from(piece) / f32::from(PIECES)));
        }
    }
}

impl OutlineBuilder for Contours {
    fn move_to(&mut self, x: f32, y: f32) {
        let start = self.place(x, y);
        self.lines.push(vec![start]);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.push(self.place(x, y));
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (a, b, c) = (self.last(), self.place(x1, y1), self.place(x, y));
        self.curve(|t| mix(mix(a, b, t), mix(b, c, t), t));
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b, c, d) = (self.last(), self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.curve(|t| {
            let (ab, bc, cd) = (mix(a, b, t), mix(b, c, t), mix(c, d, t));
            mix(mix(ab, bc, t), mix(bc, cd, t), t)
        });
    }
    fn close(&mut self) {
        if let Some(line) = self.lines.last_mut()
            && let Some(first) = line.first().copied()
        {
            line.push(first);
        }
    }
}

fn mix(a: Point, b: Point, t: f32) -> Point {
    (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
}
