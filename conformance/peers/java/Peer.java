import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The client on java.net.http.WebSocket, whose interface requires a code to close with. What the two ends say to each
 * other is described in ../../src/exchange.rs.
 *
 * <pre>
 * java Peer.java version                 prints "version VERSION"
 * java Peer.java drive URL [AUTHORITY]   prints "passed N"
 * </pre>
 */
public final class Peer {
    private static final String GREEK = "κόσμε";
    private static final String LANGUAGES = GREEK + ", 世界, 🌍";
    private static final String LONG_TEXT = LANGUAGES.repeat((300 << 10) / 24);
    private static final int[] LENGTHS = {0, 125, 126, 65_535, 65_536, 1 << 20};
    private static final long PATIENCE = 10;

    private static int passed;

    private Peer() {}

    /** What a connection receives, in order. */
    private sealed interface Event {}

    private record Text(String text) implements Event {}

    private record Binary(ByteBuffer bytes) implements Event {}

    private record Pong(String payload) implements Event {}

    private record Closed(int code, String reason) implements Event {}

    private record Failed(Throwable error) implements Event {}

    private static final class Connection implements WebSocket.Listener {
        private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final java.io.ByteArrayOutputStream binary = new java.io.ByteArrayOutputStream();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                events.add(new Text(text.toString()));
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            binary.writeBytes(bytes(data));
            if (last) {
                events.add(new Binary(ByteBuffer.wrap(binary.toByteArray())));
                binary.reset();
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer payload) {
            events.add(new Pong(new String(bytes(payload), StandardCharsets.UTF_8)));
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            events.add(new Closed(code, reason));
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            events.add(new Failed(error));
        }

        Event next() throws InterruptedException {
            return events.poll(PATIENCE, TimeUnit.SECONDS);
        }
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + length);
        }
        return bytes;
    }

    private static String shown(Object value) {
        String shown = String.valueOf(value);
        return shown.substring(0, Math.min(200, shown.length()));
    }

    private static void expect(Object found, Object wanted) {
        if (!wanted.equals(found)) {
            throw new AssertionError(shown(found) + " and not " + shown(wanted));
        }
        passed++;
    }

    private static HttpClient client(List<String> authority) throws Exception {
        if (authority.isEmpty()) {
            return HttpClient.newHttpClient();
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (InputStream file = Files.newInputStream(Path.of(authority.get(0)))) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }

    private static WebSocket open(HttpClient client, String url, Connection connection) throws Exception {
        return client.newWebSocketBuilder()
                .subprotocols("nonesuch", "mirror")
                .buildAsync(URI.create(url), connection)
                .get(PATIENCE, TimeUnit.SECONDS);
    }

    private static void drive(String url, List<String> authority) throws Exception {
        HttpClient client = client(authority);
        Connection connection = new Connection();
        WebSocket socket = open(client, url, connection);
        expect(socket.getSubprotocol(), "mirror");
        for (String text : List.of("", "Hello", LANGUAGES, LONG_TEXT)) {
            socket.sendText(text, true).get();
            expect(connection.next(), new Text(text));
        }
        for (int length : LENGTHS) {
            socket.sendBinary(ByteBuffer.wrap(pattern(length)), true).get();
            expect(connection.next(), new Binary(ByteBuffer.wrap(pattern(length))));
        }
        socket.sendText("κό", false).get();
        socket.sendPing(utf8("between")).get();
        socket.sendText("", false).get();
        socket.sendText("σμε", true).get();
        expect(connection.next(), new Pong("between"));
        expect(connection.next(), new Text(GREEK));
        ByteBuffer whole = ByteBuffer.allocate(125 + 65_536 + 1);
        for (int length : new int[] {125, 0, 65_536, 1}) {
            whole.put(pattern(length));
            socket.sendBinary(ByteBuffer.wrap(pattern(length)), length == 1).get();
        }
        expect(connection.next(), new Binary(whole.flip()));
        for (String payload : List.of("", "are you there?", "x".repeat(125))) {
            socket.sendPing(utf8(payload)).get();
            expect(connection.next(), new Pong(payload));
        }
        socket.sendText("say it in fragments", true).get();
        expect(connection.next(), new Text(GREEK));
        expect(connection.next(), new Text("answered in between"));
        socket.sendText("ping me", true).get();
        expect(connection.next(), new Text("you are there"));
        socket.sendClose(4000, "bis bald, 世界").get();
        expect(((Closed) connection.next()).code(), 4000);

        connection = new Connection();
        open(client, url, connection).sendText("close", true).get();
        expect(connection.next(), new Closed(4001, "auf Wiedersehen, 世界"));

        connection = new Connection();
        open(client, url, connection).sendClose(WebSocket.NORMAL_CLOSURE, "").get();
        expect(connection.next(), new Closed(WebSocket.NORMAL_CLOSURE, ""));

        System.out.println("passed " + passed);
    }

    /** Runs one role. */
    public static void main(String[] arguments) throws Exception {
        List<String> rest = Arrays.asList(arguments).subList(1, arguments.length);
        if (arguments[0].equals("version")) {
            System.out.println("version " + System.getProperty("java.version"));
        } else {
            drive(rest.get(0), rest.subList(1, rest.size()));
        }
        // The client's threads outlive `main` for a while.
        System.exit(0);
    }
}
