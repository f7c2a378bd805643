//! The best of a sweep over one or two of its axes, cell by cell: what `heatmap.png` draws.
//!
//! Not here: drawing. Long axes are cut into bins of neighbouring values, as on the page.
use super::model::{AxisView, SweepModel};

/// Most cells along an axis.
pub const BINS_MAX: usize = 60;

/// The highest value of the objective in each cell, over every run of the sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Which axis is level.
    pub level: usize,
    /// Which is upright; `None` with one axis.
    pub upright: Option<usize>,
    /// Labels of the columns.
    pub columns: Vec<String>,
    /// Labels of the rows, lowest first; one without text where nothing is upright.
    pub rows: Vec<String>,
    /// Row by row; `None` where no run has a value.
    pub cells: Vec<Option<f64>>,
    /// Column and row of the best run.
    pub winner: Option<(usize, usize)>,
}

/// The grid over the first two axes with more than one value, numeric ones first; the first is upright. `None` without
/// an axis.
pub fn grid(model: &SweepModel) -> Option<Grid> {
    let axes = &model.axes;
    let many = |at: &usize| axes[*at].values.len() > 1;
    let numeric = |at: &usize| axes[*at].is_numeric();
    let mut order: Vec<usize> = (0..axes.len()).collect();
    order.sort_by_key(|at| (!many(at), !numeric(at)));
    let (level, upright) = match order.as_slice() {
        [] => return None,
        [only] => (*only, None),
        [first, second, ..] if many(second) => (*second, Some(*first)),
        [first, ..] => (*first, None),
    };
    let bins = |axis: usize| Bins { axis: &axes[axis], count: axes[axis].values.len().min(BINS_MAX) };
    let (across, up) = (bins(level), upright.map(bins));
    let rows = up.as_ref().map_or_else(|| vec![String::new()], Bins::labels);
    let columns = across.labels();
    let mut cells = vec![None; rows.len() * columns.len()];
    let mut winner: Option<((usize, usize), f64)> = None;
    let values = model.all.objective.iter().zip(model.all.points.chunks_exact(axes.len()));
    for (value, point) in values.filter_map(|(value, point)| value.map(|value| (value, point))) {
        let place = (across.of(point[level]), up.as_ref().map_or(0, |up| upright.map_or(0, |axis| up.of(point[axis]))));
        let cell: &mut Option<f64> = &mut cells[place.1 * columns.len() + place.0];
        *cell = Some(cell.map_or(value, |best| best.max(value)));
        // Of equals the earlier in the plan, as in the ranking.
        if winner.is_none_or(|(_, best)| value > best) {
            winner = Some((place, value));
        }
    }
    Some(Grid { level, upright, columns, rows, cells, winner: winner.map(|(place, _)| place) })
}

/// The values of an axis in so many cells.
struct Bins<'a> {
    axis: &'a AxisView,
    count: usize,
}

impl Bins<'_> {
    fn of(&self, place: u16) -> usize {
        usize::from(place) * self.count / self.axis.values.len()
    }

    /// The first value of each.
    fn labels(&self) -> Vec<String> {
        let first = |bin: usize| (bin * self.axis.values.len()).div_ceil(self.count);
        (0..self.count).map(|bin| self.axis.values[first(bin)].clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::testing::{axis, small};

    #[test]
    fn the_best_over_the_others_stands_in_each_cell() {
        let model = small();
        let grid = grid(&model).expect("grid");
        assert_eq!((grid.level, grid.upright), (1, Some(0)));
        assert_eq!((grid.columns.join(" "), grid.rows.join(" ")), ("20 40".to_owned(), "5 10 30".to_owned()));
        assert_eq!(grid.cells, [Some(0.5), Some(0.9), Some(1.3), Some(0.7), None, Some(-0.2)]);
        assert_eq!(grid.winner, Some((0, 1)));
    }

    #[test]
    fn long_axes_are_cut_into_bins_that_hold_every_value() {
        let values: Vec<String> = (0..1_000).map(|value| value.to_string()).collect();
        let axis = axis("a.b", &values.iter().map(String::as_str).collect::<Vec<_>>());
        let bins = Bins { axis: &axis, count: BINS_MAX };
        let labels = bins.labels();
        assert_eq!((labels.len(), labels[0].as_str()), (60, "0"));
        for value in 0..1_000_u16 {
            let bin = bins.of(value);
            let first: u16 = labels[bin].parse().expect("number");
            assert!(first <= value && (bin == 59 || value < labels[bin + 1].parse::<u16>().expect("number")));
        }
    }

    #[test]
    fn one_axis_lies_level_and_none_is_no_grid() {
        let mut model = small();
        model.axes.truncate(1);
        model.all.points = vec![0, 1, 2];
        model.all.objective = vec![Some(1.0), None, Some(2.0)];
        let found = grid(&model).expect("grid");
        assert_eq!((found.level, found.upright, found.winner), (0, None, Some((2, 0))));
        model.axes.clear();
        assert_eq!(grid(&model), None);
    }
}
