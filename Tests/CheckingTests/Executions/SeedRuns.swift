import Foundation

/// Many seeds at once, over all processors.
enum SeedRuns {
    /// The number in an environment variable, or a default.
    static func count(_ variable: String, default count: Int) -> Int {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? count
    }

    /// The seeds to try: `1...count`, or only the one in `ALLOCDB_EXECUTION_SEED`, by which a
    /// failure is run again alone.
    static func seeds(_ count: Int) -> [UInt64] {
        let only = ProcessInfo.processInfo.environment["ALLOCDB_EXECUTION_SEED"]
        if let only, let seed = UInt64(only) { return [seed] }
        return (1...UInt64(count)).map { $0 }
    }

    /// What `body` gives for each piece of the seeds, one piece for each processor.
    static func pieces<Result: Sendable>(
        _ seeds: [UInt64], _ body: @escaping @Sendable ([UInt64]) throws -> Result
    ) async throws -> [Result] {
        let width = max(1, ProcessInfo.processInfo.activeProcessorCount)
        return try await withThrowingTaskGroup(of: Result.self) { group in
            for piece in 0..<width {
                let part = seeds.enumerated().filter { $0.offset % width == piece }.map(\.element)
                group.addTask { try body(part) }
            }
            var results: [Result] = []
            for try await result in group { results.append(result) }
            return results
        }
    }
}
