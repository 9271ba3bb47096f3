//! What proves a value, and the lines of Python that check it.

use maud::{Markup, html};
use model::{Index, Status, Subject};
use wire::CalculationBody;

use super::super::text::{number as text, subject as words};

/// Renders the residues that check a value, or of φ what no other number has.
pub(super) fn section(subject: &Subject, calculation: &CalculationBody) -> Markup {
    match *subject {
        Subject::GoldenRatio(places) if calculation.status == Status::Done => golden_ratio(places),
        _ => residues(subject, calculation),
    }
}

fn golden_ratio(places: Index) -> Markup {
    let python = format!(
        "from decimal import *\n\
         v, t = open(\"Phi({places}).txt\").read(), \"1e{places}\"\n\
         setcontext(Context(prec=2 * len(v) + 9, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact]))\n\
         v, t = Decimal(v), Decimal(t)\n\
         print(v * v - v * t < t * t < (v + 1) * (v + 1) - (v + 1) * t)"
    );
    html! {
        section.believe aria-labelledby="believe" {
            h2 #believe { (text::BELIEVE) }
            p { (words::PHI_PROOF) }
            details { summary { (words::PHI_PYTHON) } pre #python tabindex="0" { (python) } }
        }
    }
}

fn residues(subject: &Subject, calculation: &CalculationBody) -> Markup {
    let residues = calculation.residues.as_deref().unwrap_or_default();
    let Some(first) = residues.first() else { return html! {} };
    let is_period = matches!(subject, Subject::PisanoPeriod(_) | Subject::EntryPoint(_));
    html! {
        section.believe aria-labelledby="believe" {
            h2 #believe { (text::BELIEVE) }
            p { (if is_period { words::PERIOD_RESIDUES } else { words::RESIDUES }) }
            table {
                @for residue in residues {
                    tr {
                        th scope="row" { (residue.subject) " " (text::MOD) " " (residue.modulus) }
                        td data-residue { (residue.residue) }
                    }
                }
            }
            @if let Some(python) = python(subject, calculation.value.as_deref(), &first.modulus) {
                details { summary { (words::PYTHON) } pre #python tabindex="0" { (python) } }
            }
        }
    }
}

/// Returns lines of Python that print the first residue; `None` for a negative index, and if there is none.
fn python(subject: &Subject, value: Option<&str>, modulus: &str) -> Option<String> {
    // The coefficients of the recurrence, the first terms, and the index.
    let (coefficients, terms, n): (Vec<i128>, Vec<i128>, String) = match *subject {
        Subject::Fibonacci(n) => (vec![1, 1], vec![0, 1], n.to_string()),
        Subject::Lucas(n) => (vec![1, 1], vec![2, 1], n.to_string()),
        Subject::U { p, q, n } => (vec![p.into(), -i128::from(q)], vec![0, 1], n.to_string()),
        Subject::V { p, q, n } => (vec![p.into(), -i128::from(q)], vec![2, p.into()], n.to_string()),
        Subject::Seeded { a, b, n } => (vec![1, 1], vec![a.into(), b.into()], n.to_string()),
        Subject::Kbonacci { k, n } => {
            let mut terms = vec![0; k.into()];
            *terms.last_mut()? = 1;
            (vec![1; k.into()], terms, n.to_string())
        }
        Subject::PisanoPeriod(_) | Subject::EntryPoint(_) => (vec![1, 1], vec![0, 1], value?.to_owned()),
        Subject::GoldenRatio(_) => return None,
    };
    let k = coefficients.len();
    (!n.starts_with('-')).then(|| {
        format!(
            "n, p = {n}, {modulus}\n\
             k, c, x = {k}, {coefficients:?}, {terms:?}\n\
             step = [c] + [[int(i == j) for j in range(k)] for i in range(k - 1)]\n\
             power = [[int(i == j) for j in range(k)] for i in range(k)]\n\
             def times(a, b):\n    \
                 return [[sum(u * v for u, v in zip(row, column)) % p for column in zip(*b)] for row in a]\n\
             for bit in bin(n)[2:]:\n    \
                 power = times(power, power)\n    \
                 if bit == \"1\": power = times(power, step)\n\
             print(sum(u * v for u, v in zip(power[-1], reversed(x))) % p)"
        )
    })
}
