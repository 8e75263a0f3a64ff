import SystemCalls

/// Runs `body` with a new empty folder and removes it afterwards, whatever happens.
public func withTemporaryFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-test")
    defer { try? FileSystem.removeTree(folder) }
    return try body(folder)
}
