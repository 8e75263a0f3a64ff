import Randomness
import SystemCalls
import Testing

/// All tests of SSH, one after the other: each has servers, and some fill the machine.
@Suite("other machines", .serialized)
enum RemoteSuites {}

/// A moment far enough away for every step of a test.
func soon() -> Deadline { .after(.seconds(120)) }

/// Bytes whose every part can be told from the others.
func testBytes(_ count: Int) -> [UInt8] {
    var random = SeededRandom(seed: 7)
    let block = (0..<8191).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    return Array(bytes.prefix(count))
}

/// Runs what must not run inside a Swift task, because it blocks, on a thread of its own.
func onOwnThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
        do {
            _ = try WorkerThread(name: "test", stackBytes: 4 << 20) {
                done.resume(with: Result { try body() })
            }
        } catch {
            done.resume(throwing: error)
        }
    }
}

/// Runs `body` on so many threads at once and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
    let threads = try (0..<count).map { number in
        try WorkerThread(name: "test-\(number)") { body(number) }
    }
    for thread in threads { thread.join() }
}
