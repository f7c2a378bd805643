//! Coverage: how much of every pixel a shape covers, from exact areas and distances.
//!
//! Not here: shapes with a meaning (report::chart::frame) and letters (report::font).
//! Invariant: a mask is all zero between two shapes, so shapes never see one another.

/// A colour and how opaque it is, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ink {
    /// Red, green, blue.
    pub rgb: (u8, u8, u8),
    /// 1 hides what is below.
    pub alpha: f32,
}

/// A point in pixels; (0, 0) is the upper left corner of the upper left pixel.
pub type Point = (f32, f32);

/// An RGB picture and the two masks shapes are built in.
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// Signed area per pixel, summed along the row when inked (Levien's accumulation buffer).
    areas: Vec<f32>,
    areas_rows: Rows,
    /// Greatest coverage of any stroke per pixel.
    strokes: Vec<f32>,
    strokes_rows: Rows,
}

/// Rows and columns a mask was touched in.
#[derive(Clone, Copy)]
struct Rows {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

impl Rows {
    const NONE: Rows = Rows { top: usize::MAX, bottom: 0, left: usize::MAX, right: 0 };

    fn include(&mut self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) {
        self.top = self.top.min(rows.start);
        self.bottom = self.bottom.max(rows.end);
        self.left = self.left.min(columns.start);
        self.right = self.right.max(columns.end);
    }
}

impl Canvas {
    /// A white picture.
    pub fn new(width: usize, height: usize) -> Canvas {
        Canvas {
            width,
            height,
            pixels: vec![255; width * height * 3],
            areas: vec![0.0; (width + 1) * height],
            areas_rows: Rows::NONE,
            strokes: vec![0.0; width * height],
            strokes_rows: Rows::NONE,
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// RGB bytes, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Adds a closed polygon to the area mask; inside is where its winding is not zero.
    pub fn polygon(&mut self, points: &[Point]) {
        let Some(last) = points.last() else { return };
        let mut from = *last;
        for to in points {
            self.edge(from, *to);
            from = *to;
        }
    }

    /// One edge of a polygon. What lies left of the picture still counts for the pixels right of it.
    fn edge(&mut self, from: Point, to: Point) {
        let (sign, (x0, y0), (x1, y1)) = if from.1 < to.1 { (1.0, from, to) } else { (-1.0, to, from) };
        if y1 <= 0.0 || y0 >= self.height as f32 || y0 == y1 {
            return;
        }
        let slope = (x1 - x0) / (y1 - y0);
        let stride = self.width + 1;
        let first_row = y0.max(0.0) as usize;
        let last_row = (y1.ceil() as usize).min(self.height);
        let clamp = |x: f32| x.clamp(0.0, self.width as f32);
        for row in first_row..last_row {
            let top = y0.max(row as f32);
            let bottom = y1.min((row + 1) as f32);
            let (a, b) = (clamp(x0 + (top - y0) * slope), clamp(x0 + (bottom - y0) * slope));
            let cells = &mut self.areas[row * stride..(row + 1) * stride];
            spread(cells, a.min(b), a.max(b), sign * (bottom - top));
        }
        // Right of all its edges a closed polygon adds up to nothing.
        let (left, right) = (clamp(x0.min(x1)) as usize, clamp(x0.max(x1)) as usize + 2);
        self.areas_rows.include(first_row..last_row, left..right.min(stride));
    }

    /// Inks the area mask and clears it.
    pub fn ink_area(&mut self, ink: Ink) {
        let rows = std::mem::replace(&mut self.areas_rows, Rows::NONE);
        let stride = self.width + 1;
        for row in rows.top..rows.bottom {
            let cells = &mut self.areas[row * stride..(row + 1) * stride];
            let line = &mut self.pixels[row * self.width * 3..(row + 1) * self.width * 3];
            let mut sum = 0.0;
            let inked = rows.left..rows.right.min(self.width);
            let line = &mut line[inked.start * 3..inked.end * 3];
            for (cell, pixel) in cells[inked].iter_mut().zip(line.chunks_exact_mut(3)) {
                sum += std::mem::take(cell);
                blend(pixel, ink, sum.abs().min(1.0));
            }
            cells[self.width] = 0.0;
        }
    }

    /// Adds a line of `width` pixels with round ends to the stroke mask (a dot when both ends agree).
    pub fn stroke(&mut self, from: Point, to: Point, width: f32) {
        let reach = width / 2.0 + 0.5;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let bound = |low: f32, high: f32, size: usize| {
            let low = (low - reach).floor().max(0.0) as usize;
            low..((high + reach).ceil().max(0.0) as usize).min(size).max(low)
        };
        let rows = bound(from.1.min(to.1), from.1.max(to.1), self.height);
        let columns = bound(from.0.min(to.0), from.0.max(to.0), self.width);
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        // Distance along the line as a share of it, so that 0 is one end and 1 the other.
        let along = if length > 0.0 { 1.0 / (length * length) } else { 0.0 };
        for row in rows.clone() {
            let y = row as f32 + 0.5 - from.1;
            let columns = if dy.abs() > 0.01 {
                // Only the slab around the line can be covered.
                let (middle, half) = (from.0 + y * dx / dy, reach * length / dy.abs());
                let low = ((middle - half).floor().max(0.0) as usize).max(columns.start);
                low..((middle + half).ceil().max(0.0) as usize).min(columns.end)
            } else {
                columns.clone()
            };
            for column in columns {
                let x = column as f32 + 0.5 - from.0;
                let t = ((x * dx + y * dy) * along).clamp(0.0, 1.0);
                let (ex, ey) = (x - t * dx, y - t * dy);
                let cover = (reach - (ex * ex + ey * ey).sqrt()).clamp(0.0, width.min(1.0));
                let cell = &mut self.strokes[row * self.width + column];
                *cell = cell.max(cover);
            }
        }
        self.strokes_rows.include(rows, columns);
    }

    /// Inks the stroke mask and clears it.
    pub fn ink_strokes(&mut self, ink: Ink) {
        let rows = std::mem::replace(&mut self.strokes_rows, Rows::NONE);
        for row in rows.top..rows.bottom {
            let span = row * self.width + rows.left..row * self.width + rows.right;
            let line = &mut self.pixels[span.start * 3..span.end * 3];
            for (cell, pixel) in self.strokes[span].iter_mut().zip(line.chunks_exact_mut(3)) {
                blend(pixel, ink, std::mem::take(cell));
            }
        }
    }
}

/// Adds the area between an edge that runs from `x0` to `x1` within one row and the row's right end.
fn spread(cells: &mut [f32], x0: f32, x1: f32, height: f32) {
    let (first, last) = (x0 as usize, x1 as usize);
    if first == last {
        let covered = 1.0 - ((x0 + x1) / 2.0 - first as f32);
        cells[first] += height * covered;
        if let Some(next) = cells.get_mut(first + 1) {
            *next += height * (1.0 - covered);
        }
        return;
    }
    // The edge crosses several pixels: each gets the area to the right of its own piece.
    let per_pixel = height / (x1 - x0);
    let mut done = 0.0;
    let mut left = x0;
    for cell in first..=last {
        let right = x1.min((cell + 1) as f32);
        let piece = (right - left) * per_pixel;
        let covered = piece * (1.0 - ((left + right) / 2.0 - cell as f32));
        if let Some(cell) = cells.get_mut(cell) {
            *cell += covered + done;
        }
        done = piece - covered;
        left = right;
    }
    if let Some(cell) = cells.get_mut(last + 1) {
        *cell += done;
    }
}

fn blend(pixel: &mut [u8], ink: Ink, cover: f32) {
    // Less than half a step of one colour: nothing would change.
    const INVISIBLE: f32 = 1.0 / 512.0;
    let alpha = cover * ink.alpha;
    if alpha < INVISIBLE {
        return;
    }
    for (below, above) in pixel.iter_mut().zip([ink.rgb.0, ink.rgb.1, ink.rgb.2]) {
        let mixed = f32::from(*below) + (f32::from(above) - f32::from(*below)) * alpha;
        *below = (mixed + 0.5) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Ink = Ink { rgb: (0, 0, 0), alpha: 1.0 };

    /// Sum of darkness, in whole black pixels.
    fn darkness(canvas: &Canvas) -> f32 {
        canvas.pixels().chunks_exact(3).map(|p| f32::from(255 - p[0]) / 255.0).sum()
    }

    fn polygon_area(points: &[Point]) -> f32 {
        let mut canvas = Canvas::new(40, 30);
        canvas.polygon(points);
        canvas.ink_area(BLACK);
        assert!(canvas.areas.iter().all(|a| *a == 0.0), "mask is clean");
        darkness(&canvas)
    }

    #[test]
    fn a_polygon_darkens_by_its_area() {
        let close = |a: f32, b: f32| assert!((a - b).abs() < 0.2, "{a} is not {b}");
        close(polygon_area(&[(2.0, 2.0), (12.0, 2.0), (12.0, 7.0), (2.0, 7.0)]), 50.0);
        close(polygon_area(&[(2.25, 2.5), (12.5, 2.5), (12.5, 7.75), (2.25, 7.75)]), 10.25 * 5.25);
        close(polygon_area(&[(5.0, 3.0), (25.0, 13.0), (5.0, 23.0)]), 200.0);
        close(polygon_area(&[(5.0, 3.0), (5.0, 23.0), (25.0, 13.0)]), 200.0);
        close(polygon_area(&[(-10.0, 5.0), (10.0, 5.0), (10.0, 15.0), (-10.0, 15.0)]), 100.0);
        close(polygon_area(&[(30.0, 20.0), (90.0, 20.0), (90.0, 90.0), (30.0, 90.0)]), 100.0);
        close(polygon_area(&[(50.0, 5.0), (60.0, 5.0), (60.0, 15.0)]), 0.0);
    }

    #[test]
    fn a_stroke_darkens_by_length_times_width_and_once_where_it_overlaps() {
        let mut canvas = Canvas::new(60, 40);
        canvas.stroke((10.0, 10.0), (50.0, 30.0), 3.0);
        let once = {
            canvas.ink_strokes(BLACK);
            darkness(&canvas)
        };
        let expected = (40f32.powi(2) + 20f32.powi(2)).sqrt() * 3.0 + std::f32::consts::PI * 1.5 * 1.5;
        assert!((once - expected).abs() < 2.0, "{once} is not {expected}");
        let mut twice = Canvas::new(60, 40);
        twice.stroke((10.0, 10.0), (50.0, 30.0), 3.0);
        twice.stroke((50.0, 30.0), (10.0, 10.0), 3.0);
        twice.ink_strokes(BLACK);
        assert!((darkness(&twice) - once).abs() < 0.5);
        assert!(twice.strokes.iter().all(|s| *s == 0.0), "mask is clean");
    }

    #[test]
    fn an_upright_line_of_one_pixel_on_a_pixel_is_crisp() {
        let mut canvas = Canvas::new(9, 9);
        canvas.stroke((4.5, 1.5), (4.5, 7.5), 1.0);
        canvas.ink_strokes(BLACK);
        let row = &canvas.pixels()[4 * 27..5 * 27];
        assert_eq!(row.iter().step_by(3).map(|v| 255 - v).collect::<Vec<u8>>(), [0, 0, 0, 0, 255, 0, 0, 0, 0]);
    }

    #[test]
    fn shapes_outside_the_picture_are_ignored() {
        let mut canvas = Canvas::new(20, 20);
        canvas.stroke((-500.0, -500.0), (-400.0, -300.0), 4.0);
        canvas.stroke((500.0, 5.0), (400.0, 300.0), 4.0);
        canvas.polygon(&[(-50.0, -50.0), (-20.0, -50.0), (-20.0, -20.0)]);
        canvas.ink_strokes(BLACK);
        canvas.ink_area(BLACK);
        assert_eq!(darkness(&canvas), 0.0);
    }
}
