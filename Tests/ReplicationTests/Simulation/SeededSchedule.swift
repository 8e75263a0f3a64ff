import LeaseEngine
import LeaseKernel

/// Actions that happen at seeded slots and, within one slot, in seeded order
/// (replica.md 14.2).
struct SeededSchedule {
    struct Step {
        let label: String
        let candidates: [Slot]
    }

    /// The labels with their slots in the order in which they are carried out: slots are
    /// chosen in list order, then the actions of each slot in the order of the choices.
    static func order(of steps: [Step], seed: UInt64) -> [(label: String, slot: Slot)] {
        var choice = SeededChoice(seed: seed)
        var pending = steps.map { step in
            let slots = Set(step.candidates).sorted()
            return (label: step.label, slot: slots[choice.choose(slots.count)])
        }
        pending.sort { ($0.slot, $0.label) < ($1.slot, $1.label) }
        var order: [(label: String, slot: Slot)] = []
        while let first = pending.first {
            let together = pending.prefix { $0.slot == first.slot }.count
            order.append(pending.remove(at: choice.choose(together)))
        }
        return order
    }
}
