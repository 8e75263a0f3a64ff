/// Lists of which most things have none: whoever has one keeps its number, and needs no reference
/// of its own.
struct ListPool<Element>: ~Copyable {
    private var lists: [[Element]] = []
    private var free: [Int32] = []

    static var none: Int32 { -1 }

    /// The list under a number; empty under `none`.
    subscript(number: Int32) -> [Element] { number < 0 ? [] : lists[Int(number)] }

    /// The number of a list that is kept until it is let go; `none` for an empty one.
    mutating func keep(_ list: [Element]) -> Int32 {
        if list.isEmpty { return Self.none }
        if let number = free.popLast() {
            lists[Int(number)] = list
            return number
        }
        lists.append(list)
        return Int32(lists.count - 1)
    }

    mutating func letGo(_ number: Int32) {
        guard number >= 0 else { return }
        lists[Int(number)] = []
        free.append(number)
    }
}
