/// The answered operations that are open at one time, each in a slot, earliest return first.
struct OpenOperations<Slots: SlotSet>: ~Copyable {
    /// The operation and the call in each slot.
    private(set) var operations: [Int32] = []
    private(set) var calls: [Int32] = []
    private(set) var deadlines: [Int64] = []
    /// For each slot, the open operations with the same call that must return earlier: while one
    /// of them is not done, there is no point in trying this one.
    private(set) var earlierTwins: [Slots] = []
    private(set) var observing = Slots.none
    private(set) var changing = Slots.none
    private var unused: [Int] = []
    /// A binary heap of slots by deadline.
    private var heap: [Int32] = []

    var count: Int { heap.count }
    var all: Slots { observing.union(changing) }
    var earliestDeadline: Int64 { heap.first.map { deadlines[Int($0)] } ?? .max }
    var earliest: Int? { heap.first.map { Int($0) } }

    /// False when all slots are taken.
    mutating func open(
        _ operation: Int, call: Int32, deadline: Int64, onlyObserves: Bool
    ) -> Bool {
        let slot: Int
        if let free = unused.popLast() {
            slot = free
            operations[slot] = Int32(operation)
            calls[slot] = call
            deadlines[slot] = deadline
        } else {
            slot = operations.count
            guard slot < Slots.capacity else { return false }
            operations.append(Int32(operation))
            calls.append(call)
            deadlines.append(deadline)
            earlierTwins.append(.none)
        }
        earlierTwins[slot] = .none
        if onlyObserves {
            observing.insert(slot)
        } else {
            changing.visit { other in
                guard calls[other] == call else { return }
                if deadlines[other] <= deadline {
                    earlierTwins[slot].insert(other)
                } else {
                    earlierTwins[other].insert(slot)
                }
            }
            changing.insert(slot)
        }
        push(Int32(slot))
        return true
    }

    /// Closes the slot with the earliest deadline.
    mutating func closeEarliest() {
        guard let slot = heap.first else { return }
        pop()
        let index = Int(slot)
        observing.remove(index)
        if changing.contains(index) {
            changing.remove(index)
            changing.visit { earlierTwins[$0].remove(index) }
        }
        unused.append(index)
    }

    private mutating func push(_ slot: Int32) {
        heap.append(slot)
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard deadlines[Int(heap[place])] < deadlines[Int(heap[parent])] else { break }
            heap.swapAt(place, parent)
            place = parent
        }
    }

    private mutating func pop() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [place * 2 + 1, place * 2 + 2] where child < heap.count {
                if deadlines[Int(heap[child])] < deadlines[Int(heap[least])] { least = child }
            }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
