import FuzzTargets
import SystemCalls

/// Lets libFuzzer loose on the target that the variable `FUZZ_TARGET` names; without it, lists
/// the targets with the longest input of each.
///
/// The package's build renames a program's `main` to this and makes the linker look for it, so it
/// stands here in the place of the one that libFuzzer brings.
@_cdecl("Fuzzer_main")
public func fuzzerMain(
    _ count: Int32, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
    guard let name = Environment["FUZZ_TARGET"] else {
        for target in FuzzTarget.all { print(target.name, target.maximumBytes) }
        return 0
    }
    guard chosen != nil else {
        StandardStreams.writeError("there is no fuzz target \(name)\n")
        return 2
    }
    var count = count
    var words = words
    return runFuzzer(&count, &words, testOneInput)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<Int32>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private let chosen = Environment["FUZZ_TARGET"].flatMap { FuzzTarget.named($0) }

/// libFuzzer calls this for every input; ending the process tells it of a broken promise.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    if let problem = chosen?.problem(with: input) { fatalError(problem) }
    return 0
}
