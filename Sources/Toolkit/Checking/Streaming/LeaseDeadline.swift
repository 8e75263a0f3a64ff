import History

/// When a reserved lease is due, in the order in which ticks take them (lease-kernel.md 12.1).
/// It stays in its heap when the lease ends, until it comes to the top.
struct LeaseDeadline: Comparable {
    let deadline: Slot
    let id: UInt128
    let place: Int32

    static func < (left: LeaseDeadline, right: LeaseDeadline) -> Bool {
        left.deadline == right.deadline ? left.id < right.id : left.deadline < right.deadline
    }
}
