/// Sets of never-returned operations that a configuration has used, interned. Identical operations
/// are interchangeable, so a set holds calls, as often as they were used, in order.
struct UnansweredSets {
    static let empty: Int32 = 0

    private var members: [[Int32]] = [[]]
    private var numbers: [[Int32]: Int32] = [[]: 0]
    private var additions: [UInt64: Int32] = [:]
    private(set) var bytes = 0

    var count: Int { members.count }

    func size(_ set: Int32) -> Int { members[Int(set)].count }
    func calls(_ set: Int32) -> [Int32] { members[Int(set)] }

    func uses(of call: Int32, in set: Int32) -> Int {
        set == Self.empty ? 0 : members[Int(set)].reduce(0) { $1 == call ? $0 + 1 : $0 }
    }

    @inline(__always)
    func isSubset(_ small: Int32, of large: Int32) -> Bool {
        if small == large || small == Self.empty { return true }
        return isSubsetSlowly(small, of: large)
    }

    private func isSubsetSlowly(_ small: Int32, of large: Int32) -> Bool {
        let few = members[Int(small)]
        let many = members[Int(large)]
        if few.count >= many.count { return false }
        var place = 0
        for call in few {
            while place < many.count, many[place] < call { place += 1 }
            guard place < many.count, many[place] == call else { return false }
            place += 1
        }
        return true
    }

    mutating func adding(_ call: Int32, to set: Int32) -> Int32 {
        let key = UInt64(UInt32(bitPattern: set)) << 32 | UInt64(UInt32(bitPattern: call))
        if let known = additions[key] { return known }
        var calls = members[Int(set)]
        let place = calls.firstIndex { $0 >= call } ?? calls.count
        calls.insert(call, at: place)
        let result = number(of: calls)
        additions[key] = result
        bytes += 32
        return result
    }

    mutating func number(of calls: [Int32]) -> Int32 {
        if let known = numbers[calls] { return known }
        let number = Int32(members.count)
        members.append(calls)
        numbers[calls] = number
        bytes += 96 + calls.count * 8
        return number
    }

    /// What all these sets have in common.
    func intersection(of sets: [Int32]) -> [Int32] {
        guard var common = sets.first.map(calls) else { return [] }
        for set in sets.dropFirst() where !common.isEmpty {
            var rest = calls(set)
            common = common.filter { call in
                guard let place = rest.firstIndex(of: call) else { return false }
                rest.remove(at: place)
                return true
            }
        }
        return common
    }

    func calls(_ set: Int32, without removed: [Int32]) -> [Int32] {
        var rest = calls(set)
        for call in removed {
            if let place = rest.firstIndex(of: call) { rest.remove(at: place) }
        }
        return rest
    }
}
