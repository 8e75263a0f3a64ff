/// Finds a small part of a list that still shows something (ddmin: Zeller and Hildebrandt,
/// "Simplifying and Isolating Failure-Inducing Input", 2002).
public enum DeltaDebugging {
    /// Indexes, ascending, of a part of `0..<count` that shows it and of which no single element
    /// can be left out, as far as `shows` can be believed. The whole is taken to show it; `shows`
    /// is asked for parts only, the empty one first, and never twice in a row for the same.
    public static func smallest<Failure: Error>(
        of count: Int, shows: ([Int]) throws(Failure) -> Bool
    ) throws(Failure) -> [Int] {
        var current = Array(0..<max(0, count))
        guard !current.isEmpty else { return [] }
        if try shows([]) { return [] }
        var pieces = 2
        while current.count >= 2 {
            let parts = split(current, into: pieces)
            var smaller: [Int]?
            for part in parts where smaller == nil {
                if try shows(part) { smaller = part }
            }
            if let smaller {
                current = smaller
                pieces = 2
                continue
            }
            // With two pieces the complements are the pieces themselves.
            var complement: [Int]?
            if pieces > 2 {
                for part in parts where complement == nil {
                    let dropped = Set(part)
                    let rest = current.filter { !dropped.contains($0) }
                    if try shows(rest) { complement = rest }
                }
            }
            if let complement {
                current = complement
                pieces = max(pieces - 1, 2)
            } else if pieces < current.count {
                pieces = min(current.count, pieces * 2)
            } else {
                break
            }
        }
        return current
    }

    /// `pieces` parts of nearly equal size, none of them empty.
    private static func split(_ list: [Int], into pieces: Int) -> [[Int]] {
        let pieces = min(pieces, list.count)
        return (0..<pieces).map { piece in
            Array(list[(list.count * piece / pieces)..<(list.count * (piece + 1) / pieces)])
        }
    }
}
