import Foundation
import JSONText
import SystemCalls
import TestSupport
import Testing

/// A headless Chromium of this test's own, driven through its debugging pipe (descriptors 3 and 4
/// of the browser, here two named pipes). It never touches the network.
final class Browser {
    struct Trouble: Error, CustomStringConvertible {
        let description: String
    }

    /// What a slow machine may take for one step.
    static let patience = Duration.seconds(90)

    private let process: ChildProcess
    private let requests: FileDescriptor
    private let answers: FileDescriptor
    private var pending: [UInt8] = []
    private var lastID = 0
    private var session = ""
    /// Errors and exceptions that the console showed, in the order of their coming.
    private(set) var complaints: [String] = []

    init(in folder: String) throws {
        try #require(Shell.has("chromium"), "chromium is missing; `make setup` installs it")
        let pipes = ["requests", "answers"].map { Path.join(folder, $0) }
        _ = try CapturedRun("mkfifo", pipes, until: .after(.seconds(10)))
        // Read and write, so that opening waits for nobody.
        requests = try FileSystem.open(pipes[0], .update)
        answers = try FileSystem.open(pipes[1], .update)
        process = try ChildProcess(
            executable: "/bin/sh",
            arguments: [
                "-c",
                "exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
                    + "--no-first-run --remote-debugging-pipe --user-data-dir=\"$1\" about:blank "
                    + "3<\"$2\" 4>\"$3\"",
                "browser", Path.join(folder, "profile"), pipes[0], pipes[1],
            ])
        let target = try call("Target.createTarget", ["url": .string("about:blank")])["targetId"]
        session =
            try call("Target.attachToTarget", ["targetId": target, "flatten": .bool(true)])[
                "sessionId"
            ].string ?? ""
        for domain in ["Page", "Runtime", "Log"] { try call("\(domain).enable") }
        try call(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .number(1240), "height": .number(900), "deviceScaleFactor": .number(1),
                "mobile": .bool(false),
            ])
    }

    /// Ends the browser with everything it started.
    func close() { _ = try? process.killAndWait() }

    enum Theme: String { case light, dark }

    func use(_ theme: Theme) throws {
        try call(
            "Emulation.setEmulatedMedia",
            [
                "features": .array([
                    .object([
                        "name": .string("prefers-color-scheme"), "value": .string(theme.rawValue),
                    ])
                ])
            ])
    }

    /// Opens a file and waits until its script has drawn everything; returns how long that took.
    func open(_ path: String) throws -> Duration {
        complaints = []
        let began = Instant.now
        try call("Page.navigate", ["url": .string("file://" + path)])
        let deadline = Deadline.after(Self.patience)
        while try evaluate(
            "document.readyState === 'complete' && "
                + "document.documentElement.classList.contains('ready')"
        ).bool != true {
            if deadline.isPassed { throw Trouble(description: "\(path) never got ready") }
            sleepThread(for: .milliseconds(20))
        }
        return Instant.now - began
    }

    @discardableResult
    func evaluate(_ expression: String) throws -> JSONText {
        try call(
            "Runtime.evaluate",
            ["expression": .string(expression), "returnByValue": .bool(true)]
        )["result"]["value"]
    }

    func press(_ key: String, text: String? = nil) throws {
        for type in ["keyDown", "keyUp"] {
            var members: [JSONText.Member] = [
                .init("type", .string(type)), .init("key", .string(key)),
                .init("code", .string(key)),
            ]
            if key == "Tab" { members.append(.init("windowsVirtualKeyCode", .number(9))) }
            if let text, type == "keyDown" { members.append(.init("text", .string(text))) }
            try call("Input.dispatchKeyEvent", .object(members))
        }
    }

    /// A picture of what is seen now, as PNG.
    func screenshot() throws -> [UInt8] {
        try bytes("Page.captureScreenshot", .object(["format": .string("png")]))
    }

    func pdf() throws -> [UInt8] { try bytes("Page.printToPDF", .object([])) }

    private func bytes(_ method: String, _ parameters: JSONText) throws -> [UInt8] {
        let text = try call(method, parameters)["data"].string ?? ""
        return Array(Data(base64Encoded: text) ?? Data())
    }

    // MARK: - The protocol

    @discardableResult
    private func call(
        _ method: String, _ parameters: KeyValuePairs<String, JSONText>
    ) throws -> JSONText {
        try call(method, .object(parameters))
    }

    @discardableResult
    private func call(_ method: String, _ parameters: JSONText = .object([])) throws -> JSONText {
        lastID += 1
        var members: [JSONText.Member] = [
            .init("id", .number(lastID)), .init("method", .string(method)),
            .init("params", parameters),
        ]
        if !session.isEmpty { members.append(.init("sessionId", .string(session))) }
        try requests.writeAll(Array(JSONText.object(members).compact.utf8) + [0])
        while true {
            let message = try next()
            if message["id"].integer() == lastID {
                if let problem = message["error"]["message"].string {
                    throw Trouble(description: "\(method): \(problem)")
                }
                return message["result"]
            }
            note(message)
        }
    }

    private func note(_ event: JSONText) {
        switch event["method"].string {
        case "Runtime.exceptionThrown":
            let details = event["params"]["exceptionDetails"]
            complaints.append(
                "exception: \(details["exception"]["description"].string ?? details.compact)")
        case "Runtime.consoleAPICalled":
            complaints.append("console: \(event["params"]["args"].compact)")
        case "Log.entryAdded":
            complaints.append("log: \(event["params"]["entry"]["text"].string ?? "")")
        case _: break
        }
    }

    private func next() throws -> JSONText {
        let deadline = Deadline.after(Self.patience)
        while true {
            if let end = pending.firstIndex(of: 0) {
                let message = Array(pending[..<end])
                pending.removeSubrange(...end)
                return try JSONText(parsing: message)
            }
            guard try answers.waitUntilReadable(deadline) else {
                throw Trouble(description: "chromium does not answer")
            }
            pending += try answers.read(atMost: 1 << 20)
        }
    }
}
