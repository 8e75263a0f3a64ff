/// Finds what a person probably meant.
public enum Suggestions {
    /// The candidate nearest to `word`: one that `word` begins, or one within a third of the
    /// word's length in single-letter mistakes (insert, delete, replace, swap of neighbours).
    /// Ties go to the first candidate; nil when nothing is near.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
        let lowered = Array(word.lowercased().utf8)
        // Beyond this length a word is no typing mistake, and the table below would be large.
        guard !lowered.isEmpty, lowered.count <= 100 else { return nil }
        let allowed = max(1, lowered.count / 3)
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = mistakes(from: lowered, to: Array(candidate.lowercased().utf8))
            if distance <= allowed, distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.candidate
            ?? candidates.first {
                lowered.count >= 3 && $0.lowercased().hasPrefix(word.lowercased())
            }
    }

    /// Single-letter mistakes between two words (optimal string alignment).
    static func mistakes(from left: [UInt8], to right: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in 1..<(left.count + 1) {
            var current = [row]
            for column in 1..<(right.count + 1) {
                let replaced = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                var cost = min(previous[column] + 1, current[column - 1] + 1, replaced)
                if row > 1, column > 1, left[row - 1] == right[column - 2],
                    left[row - 2] == right[column - 1]
                {
                    cost = min(cost, beforePrevious[column - 2] + 1)
                }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
