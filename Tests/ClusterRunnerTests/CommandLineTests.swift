import ClusterRunner
import TestSupport
import Testing

@Test("every recorded command line is accepted, helped or refused with the recorded text")
func commandLines() throws {
    let cases = try Vectors.json("cli-arguments.json")["cases"].array
    for test in cases {
        let arguments = test["arguments"].array.compactMap(\.string)
        let text = try #require(test["stderr_text"].string)
            .replacing("<usage>", with: ClusterRequest.usage)
        let result = try #require(test["result"].string)
        do {
            let request = try ClusterRequest(arguments: arguments)
            #expect(result == (request == .help ? "help" : "accepted"), "\(arguments)")
        } catch {
            #expect(result == "error", "\(arguments)")
            #expect("\(error)" == text, "\(arguments)")
        }
    }
    print("cli-arguments.json: \(cases.count) cases")
    #expect(cases.count == 21)
}
