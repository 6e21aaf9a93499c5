//! A stock of 2 MiB pieces, from which the heap grows while its lock is held, and so without asking the memory map.
//!
//! Whoever holds no lock looks at [`TwoMibStock::missing`] from time to time and adds pieces from the map. What always
//! holds: no heap is used.

use arrayvec::ArrayVec;
use x86_64::structures::paging::{PhysFrame, Size2MiB};

/// Up to `CAPACITY` pieces.
#[derive(Debug)]
pub struct TwoMibStock<const CAPACITY: usize> {
    /// The pieces.
    pieces: ArrayVec<PhysFrame<Size2MiB>, CAPACITY>,
    /// When so few pieces or fewer are left, the stock is filled up.
    low_water_mark: usize,
}

/// The stock is full, and this is the piece that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockFull(pub PhysFrame<Size2MiB>);

impl<const CAPACITY: usize> TwoMibStock<CAPACITY> {
    /// Empty; to be filled up when no more than `low_water_mark` pieces are left.
    #[must_use]
    pub const fn new(low_water_mark: usize) -> Self {
        Self {
            pieces: ArrayVec::new_const(),
            low_water_mark,
        }
    }

    /// How many pieces there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether the heap cannot grow any more.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pieces to add now: 0 above the low-water mark, else as many as fill the stock.
    #[must_use]
    pub const fn missing(&self) -> usize {
        if self.pieces.len() > self.low_water_mark {
            0
        } else {
            self.pieces.remaining_capacity()
        }
    }

    /// Takes a piece, if there is one.
    pub fn take(&mut self) -> Option<PhysFrame<Size2MiB>> {
        self.pieces.pop()
    }

    /// Adds a piece.
    pub fn add(&mut self, piece: PhysFrame<Size2MiB>) -> Result<(), StockFull> {
        self.pieces.try_push(piece).map_err(|full| StockFull(full.element()))
    }
}

#[cfg(test)]
mod tests {
    use super::{StockFull, TwoMibStock};
    use x86_64::{
        PhysAddr,
        structures::paging::{PhysFrame, Size2MiB},
    };

    fn piece(number: u64) -> PhysFrame<Size2MiB> {
        PhysFrame::containing_address(PhysAddr::new(number << 21))
    }

    #[test]
    fn is_filled_up_from_the_low_water_mark_on() {
        let mut stock = TwoMibStock::<4>::new(1);
        assert_eq!(stock.missing(), 4);
        for number in 0..4 {
            assert_eq!(stock.add(piece(number)), Ok(()));
        }
        assert_eq!(stock.add(piece(4)), Err(StockFull(piece(4))));
        assert_eq!((stock.take(), stock.take()), (Some(piece(3)), Some(piece(2))));
        assert_eq!((stock.len(), stock.missing()), (2, 0));
        assert_eq!(stock.take(), Some(piece(1)));
        assert_eq!((stock.len(), stock.missing()), (1, 3));
        assert_eq!((stock.take(), stock.take()), (Some(piece(0)), None));
    }
}
