//! Products of relations that are squares, by elimination modulo 2.

/// x² ≡ root²·product modulo n, where the product is that of the factors, which are named by indexes.
#[derive(Clone)]
pub(super) struct Relation {
    pub(super) x: u128,
    pub(super) root: u128,
    pub(super) factors: Vec<u16>,
}

/// Relations of which no product is a square.
pub(super) struct Dependencies {
    relations: Vec<Relation>,
    /// Products of these relations, by the lowest factor with an odd exponent.
    products: Vec<Option<RelationProduct>>,
}

/// A bit for each factor with an odd exponent, and for each relation in the product.
#[derive(Clone)]
struct RelationProduct {
    factors: Vec<u64>,
    relations: Vec<u64>,
}

impl Dependencies {
    /// Returns none, for relations with factors below `factor_count`.
    pub(super) fn new(factor_count: usize) -> Self {
        Self { relations: Vec::new(), products: vec![None; factor_count] }
    }

    /// Adds a relation, or returns it with those before whose product with it is a square.
    pub(super) fn add(&mut self, relation: Relation) -> Option<Vec<Relation>> {
        let words = self.products.len() / 64 + 1;
        let mut product = RelationProduct { factors: vec![0; words], relations: vec![0; words] };
        let flip = |bits: &mut [u64], i: usize| bits[i / 64] ^= 1 << (i % 64);
        relation.factors.iter().for_each(|&factor| flip(&mut product.factors, factor.into()));
        flip(&mut product.relations, self.relations.len());
        loop {
            let Some(lowest) = ones(&product.factors).next() else { break };
            let Some(other) = &self.products[lowest] else {
                self.products[lowest] = Some(product);
                self.relations.push(relation);
                return None;
            };
            product.factors.iter_mut().zip(&other.factors).for_each(|(word, other)| *word ^= other);
            product.relations.iter_mut().zip(&other.relations).for_each(|(word, other)| *word ^= other);
        }
        let before = ones(&product.relations).filter_map(|i| self.relations.get(i)).cloned();
        Some(before.chain([relation.clone()]).collect())
    }
}

/// Returns the places of the bits that are set.
fn ones(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    let places =
        |(i, &word): (usize, &u64)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| 64 * i + bit);
    words.iter().enumerate().flat_map(places)
}
