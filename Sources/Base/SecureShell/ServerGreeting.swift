/// What a server says before anything is encrypted: its greeting line, and the algorithms it
/// offers. libssh2 keeps these to itself, and says little when there is none in common.
package struct ServerGreeting {
    /// Host key algorithms on offer.
    package let hostKeys: [String]
    package let keyExchanges: [String]
    package let ciphersToUs: [String]
    package let authenticationCodesToUs: [String]

    /// Bytes that are kept of what a server sends first.
    package static let byteLimit = 16 << 10

    /// Nil as long as the offer is incomplete or there is none.
    package init?(_ received: [UInt8]) {
        guard let line = Self.greeting(of: received) else { return nil }
        // Length, length of the padding, message number, cookie; then the lists.
        let packet = Array(received[line.end...])
        guard packet.count > 22, packet[5] == 20 else { return nil }
        var fields = SSHFields(packet)
        guard fields.skip(22) else { return nil }
        var lists: [[String]] = []
        for _ in 0..<6 {
            guard let list = fields.text() else { return nil }
            lists.append(list.split(separator: ",").map(String.init))
        }
        keyExchanges = lists[0]
        hostKeys = lists[1]
        ciphersToUs = lists[3]
        authenticationCodesToUs = lists[5]
    }

    /// The line that begins with `SSH-`; servers may send others before it (RFC 4253, 4.2).
    package static func greeting(of received: [UInt8]) -> (text: String, end: Int)? {
        var start = 0
        while let end = received[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = received[start..<end]
            if line.starts(with: Array("SSH-".utf8)) {
                return (String(decoding: line, as: UTF8.self), end + 1)
            }
            start = end + 1
        }
        return nil
    }

    /// The beginning of what was received, fit for a message.
    package static func shown(_ received: [UInt8]) -> String {
        let line = received.prefix(60).prefix { $0 != 10 && $0 != 13 }
        return String(
            decoding: line.map { (32...126).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }
}
