//! A set of few coupons: a hash table of small buckets.
//!
//! A bucket is looked through at once, without a branch for each place; so neither a value that came before nor a new
//! one is a surprise to the processor.

/// Coupons that are kept one by one.
pub(super) const MOST: usize = 512;
/// Places of a bucket.
const PLACES: usize = 8;
/// A table has at least a bucket for so many coupons.
const COUPONS_PER_BUCKET: usize = 5;
const MOST_BUCKETS: usize = 128;

/// Different coupons, which are never zero.
#[derive(Debug, Clone, Default)]
pub(super) struct Coupons {
    /// None, or a power of two. Those of a bucket stand at its beginning; what it has no place for is in the next one.
    buckets: Vec<[u32; PLACES]>,
    count: usize,
}

impl Coupons {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Adds a coupon if it is not there. At most one more than [`MOST`] may be added.
    #[inline]
    pub(super) fn insert(&mut self, coupon: u32) {
        let Some(mask) = self.buckets.len().checked_sub(1) else { return self.grow_and_insert(coupon) };
        let mut at = (coupon >> 6) as usize & mask;
        loop {
            let bucket = &mut self.buckets[at];
            if bucket.iter().fold(false, |found, held| found | (*held == coupon)) {
                return;
            }
            let held: usize = bucket.iter().map(|held| usize::from(*held != 0)).sum();
            if let Some(place) = bucket.get_mut(held) {
                if self.count >= COUPONS_PER_BUCKET * (mask + 1) {
                    return self.grow_and_insert(coupon);
                }
                *place = coupon;
                self.count += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        let wanted = (self.count + more).div_ceil(COUPONS_PER_BUCKET).next_power_of_two().min(MOST_BUCKETS);
        if wanted > self.buckets.len() {
            self.grow(wanted);
        }
    }

    /// All of them, in no order that means something.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.buckets.as_flattened().iter().copied().filter(|coupon| *coupon > 0)
    }

    /// All of them, ascending.
    pub(super) fn sorted(&self) -> Vec<u32> {
        let mut coupons: Vec<u32> = self.iter().collect();
        coupons.sort_unstable();
        coupons
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<[u32; PLACES]>()
    }

    #[cold]
    fn grow_and_insert(&mut self, coupon: u32) {
        self.grow((4 * self.buckets.len()).clamp(1, MOST_BUCKETS));
        self.insert(coupon);
    }

    fn grow(&mut self, buckets: usize) {
        let old = std::mem::replace(&mut self.buckets, vec![[0; PLACES]; buckets]);
        self.count = 0;
        for &coupon in old.as_flattened().iter().filter(|coupon| **coupon > 0) {
            self.insert(coupon);
        }
    }
}
