import ClusterHarness
import ClusterProtocol
import LeaseKernel
import SystemCalls
import Testing

extension EndToEndTests {
    @Suite("Nobody on any port blocks or ends a replica")
    struct HostilePeers {
        @Test("a silent, slow, resetting or non-UTF-8 peer on any port")
        func anyPort() {
            LiveCluster.run { cluster in
                var slow: [TCPConnection] = []
                var silent: [TCPConnection] = []
                for number: UInt64 in 1...2 {
                    for port in HostilePeer.ports {
                        let address = try port.address(cluster, number)
                        silent.append(try HostilePeer.connect(address))
                        slow.append(try HostilePeer.connect(address))
                    }
                }
                var resource: UInt128 = 0
                for byte in Array("status".utf8) {
                    for connection in slow { HostilePeer.send([byte], on: connection) }
                    resource += 1
                    try serves(cluster, creating: resource)
                }
                for number: UInt64 in 1...2 {
                    for port in HostilePeer.ports {
                        let address = try port.address(cluster, number)
                        try HostilePeer.reset(address, after: [])
                        for bytes in HostilePeer.garbage {
                            try HostilePeer.reset(address, after: bytes)
                            try HostilePeer.abandon(address, after: bytes)
                        }
                        resource += 1
                        try serves(cluster, creating: resource)
                    }
                }
                for connection in silent + slow { connection.close() }
                resource += 1
                try serves(cluster, creating: resource)
                for number: UInt64 in 1...3 {
                    try cluster.require(cluster.isRunning(number), "replica \(number) runs")
                    try cluster.awaitCommit(LSN(UInt64(resource)), at: number)
                }
            }
        }

        @Test("bytes that are no UTF-8 on the control port get an answer")
        func controlAnswer() {
            LiveCluster.run { cluster in
                let reply = try LiveCluster.exchange.perform(
                    [0xff, 0xfe], with: cluster.controlAddress(1))
                try cluster.require(
                    ErrorText.message(of: reply) == ControlRequestError.invalidText.description,
                    "the answer \(reply) says what was wrong")
            }
        }

        @Test("clients that reset right after their submit do not lose it, nor end the primary")
        func resetAfterSubmit() {
            LiveCluster.run { cluster in
                for resource in 1...20 as ClosedRange<UInt128> {
                    let payload = CommandCodec.encode(
                        ClientCommand(
                            operationID: OperationID(cluster.newOperation()),
                            clientID: ClientID(1), command: .createResource(ResourceID(resource))))
                    let request = ClientRequest.submit(slot: Slot(1), payload: payload)
                    try HostilePeer.abandon(
                        cluster.clientAddress(1), after: try request.encoded())
                }
                try cluster.commit(.createResource(ResourceID(1000)), slot: 1)
                try cluster.require(cluster.isRunning(1), "the primary runs")
            }
        }

        @Test("hundreds of silent connections do not keep a client out")
        func crowd() {
            LiveCluster.run { cluster in
                var crowd: [TCPConnection] = []
                for port in HostilePeer.ports {
                    let address = try port.address(cluster, 1)
                    for _ in 0..<200 {
                        // Refused or dropped is fine; what counts is what honest clients see.
                        if let connection = try? HostilePeer.connect(address) {
                            crowd.append(connection)
                        }
                    }
                }
                try cluster.eventuallyCommit(.createResource(ResourceID(1)), slot: 1)
                _ = try cluster.status(1)
                for connection in crowd { connection.close() }
            }
        }

        private func serves(_ cluster: LiveCluster, creating resource: UInt128) throws {
            let begin = Instant.now
            try cluster.commit(.createResource(ResourceID(resource)), slot: 1)
            let reply = try cluster.read(ResourceID(resource))
            guard case .response(.resource) = reply else {
                throw LiveCluster.Unmet("a read of resource \(resource) answered \(reply)")
            }
            for number: UInt64 in 1...3 { _ = try cluster.status(number) }
            // Generous for a loaded machine, and far below what one blocked port would cost.
            try cluster.require(
                Instant.now - begin < .seconds(5), "a commit, a read and three statuses took 5 s")
        }
    }
}
