//! Layout: where the accounts of a graph stand: force-directed, after Fruchterman and Reingold (1991).
//! In: the number of nodes, weighted edges, radii and a box. Out: a point a node, inside the box.
//! Invariant: deterministic (starts on a spiral, no randomness); never fails, whatever the edges say.
//! Not here: colours and marks (`graph.rs`).

/// A point.
pub(super) type Point = (f64, f64);

/// Places nodes. `edges` are (one end, other end, pull); `radii` has an entry a node.
pub(super) fn place(edges: &[(usize, usize, f64)], radii: &[f64], width: f64, height: f64) -> Vec<Point> {
    let count = radii.len();
    let mut points: Vec<Point> = (0..count).map(|index| spiral(index, count)).collect();
    let degrees = degrees(edges, count);
    // About as much work for a large graph as for a small one.
    let rounds = (6_000_000 / (count * count).max(1)).clamp(60, 400);
    let ideal = 1.0 / (count.max(1) as f64).sqrt();
    for round in 0..rounds {
        let step = 0.12 * (1.0 - round as f64 / rounds as f64).powi(2) + 0.001;
        let forces = forces(&points, edges, &degrees, ideal);
        for (point, force) in points.iter_mut().zip(forces) {
            let size = force.0.hypot(force.1).max(1e-9);
            let moved = size.min(step) / size;
            *point = (point.0 + force.0 * moved, point.1 + force.1 * moved);
        }
    }
    fitted(&mut points, radii, width, height);
    part(&mut points, radii, width, height);
    points
}

/// Evenly spread starting points: a sunflower's spiral.
fn spiral(index: usize, count: usize) -> Point {
    let golden = std::f64::consts::PI * (3.0 - 5_f64.sqrt());
    let radius = 0.5 * ((index as f64 + 0.5) / count.max(1) as f64).sqrt();
    let angle = index as f64 * golden;
    (radius * angle.cos(), radius * angle.sin())
}

fn degrees(edges: &[(usize, usize, f64)], count: usize) -> Vec<f64> {
    let mut degrees = vec![0.0; count];
    for (a, b, _) in edges {
        for end in [a, b] {
            if let Some(degree) = degrees.get_mut(*end) {
                *degree += 1.0;
            }
        }
    }
    degrees
}

fn forces(points: &[Point], edges: &[(usize, usize, f64)], degrees: &[f64], ideal: f64) -> Vec<Point> {
    // Towards the middle, so that loose parts stay in the picture.
    let mut forces: Vec<Point> = points.iter().map(|(x, y)| (-0.6 * x, -0.6 * y)).collect();
    for (index, one) in points.iter().enumerate() {
        let mut push = (0.0, 0.0);
        for (other_index, other) in points.iter().enumerate() {
            if index == other_index {
                continue;
            }
            let (dx, dy) = (one.0 - other.0, one.1 - other.1);
            let square = (dx * dx + dy * dy).max(1e-6);
            let strength = ideal * ideal / square;
            push = (push.0 + dx * strength, push.1 + dy * strength);
        }
        if let Some(force) = forces.get_mut(index) {
            *force = (force.0 + push.0, force.1 + push.1);
        }
    }
    for (a, b, pull) in edges {
        let (Some(from), Some(to)) = (points.get(*a), points.get(*b)) else { continue };
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let distance = dx.hypot(dy);
        // A node with many links is not torn to a point: its links share the pull.
        let shared = degrees.get(*a).copied().unwrap_or(1.0).min(degrees.get(*b).copied().unwrap_or(1.0)).max(1.0);
        let strength = 3.0 * pull * distance / ideal / shared;
        if let Some(force) = forces.get_mut(*a) {
            *force = (force.0 + dx * strength, force.1 + dy * strength);
        }
        if let Some(force) = forces.get_mut(*b) {
            *force = (force.0 - dx * strength, force.1 - dy * strength);
        }
    }
    forces
}

/// Scales and moves the points into the box, all radii inside.
fn fitted(points: &mut [Point], radii: &[f64], width: f64, height: f64) {
    let margin = radii.iter().copied().fold(0.0, f64::max) + 6.0;
    let bounds = |get: fn(&Point) -> f64| {
        let low = points.iter().map(get).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(get).fold(f64::NEG_INFINITY, f64::max);
        ((low + high) / 2.0, (high - low).max(1e-6))
    };
    let ((middle, across), (centre, down)) = (bounds(|point| point.0), bounds(|point| point.1));
    let (room_x, room_y) = ((width - 2.0 * margin).max(1.0), (height - 2.0 * margin).max(1.0));
    // Mostly one scale for both directions, but a wide box may be used.
    let scale = (room_x / across).min(room_y / down);
    let (scale_x, scale_y) = ((room_x / across).min(scale * 1.5), (room_y / down).min(scale * 1.5));
    for point in points {
        *point = (width / 2.0 + (point.0 - middle) * scale_x, height / 2.0 + (point.1 - centre) * scale_y);
    }
}

/// Moves overlapping nodes apart.
fn part(points: &mut [Point], radii: &[f64], width: f64, height: f64) {
    for _ in 0..30 {
        let mut touched = false;
        for a in 0..points.len() {
            for b in a + 1..points.len() {
                let (Some(one), Some(other)) = (points.get(a).copied(), points.get(b).copied()) else { continue };
                let room = radii.get(a).copied().unwrap_or(0.0) + radii.get(b).copied().unwrap_or(0.0) + 1.5;
                let (mut dx, dy) = (other.0 - one.0, other.1 - one.1);
                if dx == 0.0 && dy == 0.0 {
                    dx = 0.01;
                }
                let distance = dx.hypot(dy);
                if distance >= room {
                    continue;
                }
                touched = true;
                let shift = (room - distance) / 2.0 / distance;
                if let Some(point) = points.get_mut(a) {
                    *point = (one.0 - dx * shift, one.1 - dy * shift);
                }
                if let Some(point) = points.get_mut(b) {
                    *point = (other.0 + dx * shift, other.1 + dy * shift);
                }
            }
        }
        if !touched {
            break;
        }
    }
    for (point, radius) in points.iter_mut().zip(radii) {
        let edge = radius + 1.0;
        *point = (point.0.clamp(edge, (width - edge).max(edge)), point.1.clamp(edge, (height - edge).max(edge)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_inside_finite_and_the_same_twice() {
        let edges: Vec<(usize, usize, f64)> =
            (1..60).map(|node| (node / 3, node, 1.0)).chain([(4, 4, 1.0), (0, 999, 1.0)]).collect();
        let radii = vec![5.0; 60];
        let placed = place(&edges, &radii, 600.0, 400.0);
        assert_eq!(placed, place(&edges, &radii, 600.0, 400.0));
        assert!(placed.iter().all(|(x, y)| (0.0..=600.0).contains(x) && (0.0..=400.0).contains(y)), "{placed:?}");
    }

    #[test]
    fn linked_nodes_stand_closer_than_strangers() {
        // Two squares with one link between them.
        let edges = [
            (0, 1, 1.0),
            (1, 2, 1.0),
            (2, 3, 1.0),
            (3, 0, 1.0),
            (4, 5, 1.0),
            (5, 6, 1.0),
            (6, 7, 1.0),
            (7, 4, 1.0),
            (0, 4, 1.0),
        ];
        let placed = place(&edges, &[4.0; 8], 600.0, 400.0);
        let between = |a: usize, b: usize| (placed[a].0 - placed[b].0).hypot(placed[a].1 - placed[b].1);
        assert!(between(1, 2) < between(2, 6), "{placed:?}");
    }

    #[test]
    fn one_node_stands_in_the_middle() {
        assert_eq!(place(&[], &[5.0], 600.0, 400.0), [(300.0, 200.0)]);
        assert!(place(&[], &[], 600.0, 400.0).is_empty());
    }
}
