//! A last-in first-out stack of fixed capacity that needs no heap.

/// Up to `CAPACITY` items; those below `length` are there, the others are `None`.
#[derive(Debug)]
pub(crate) struct FixedStack<Item, const CAPACITY: usize> {
    /// The items, the oldest first.
    items: [Option<Item>; CAPACITY],
    /// How many there are.
    length: usize,
}

impl<Item: Copy, const CAPACITY: usize> FixedStack<Item, CAPACITY> {
    /// Empty.
    pub(crate) const fn new() -> Self {
        Self {
            items: [None; CAPACITY],
            length: 0,
        }
    }

    /// How many items there are.
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// How many more there can be.
    pub(crate) const fn space(&self) -> usize {
        CAPACITY - self.length
    }

    /// Adds an item, or gives it back when there is no space.
    pub(crate) fn push(&mut self, item: Item) -> Result<(), Item> {
        let Some(place) = self.items.get_mut(self.length) else {
            return Err(item);
        };
        *place = Some(item);
        self.length += 1;
        Ok(())
    }

    /// Takes the newest item.
    pub(crate) fn pop(&mut self) -> Option<Item> {
        self.length = self.length.checked_sub(1)?;
        self.items.get_mut(self.length)?.take()
    }

    /// The oldest items, up to so many.
    pub(crate) fn oldest_mut(&mut self, count: usize) -> &mut [Option<Item>] {
        let count = count.min(self.length);
        self.items.get_mut(..count).unwrap_or_default()
    }

    /// Takes away so many of the oldest.
    pub(crate) fn remove_oldest(&mut self, count: usize) {
        let count = count.min(self.length);
        self.oldest_mut(count).fill(None);
        self.items.rotate_left(count);
        self.length -= count;
    }
}
