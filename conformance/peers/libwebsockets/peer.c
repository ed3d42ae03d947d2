/*
 * The peer on libwebsockets, whose interface does not report the answer to its own Close and sends none without a
 * code. What the two ends say to each other is described in ../../src/exchange.rs.
 *
 *   libwebsockets version                   prints "version VERSION"
 *   libwebsockets serve [CERTIFICATE KEY]   prints "listening PORT", then "closed CODE REASON" for each Close that
 *                                           is not an answer
 *   libwebsockets drive URL [AUTHORITY]     prints "passed N"
 */

#include <libwebsockets.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREEK "κόσμε"
#define LANGUAGES GREEK ", 世界, 🌍"
#define CLIENT_CODE 4000
#define CLIENT_REASON "bis bald, 世界"
#define SERVER_CODE 4001
#define SERVER_REASON "auf Wiedersehen, 世界"
#define NO_CODE 1005
#define PATIENCE_US (10 * LWS_US_PER_SEC)

static const char *const greek_pieces[] = {"\xce\xba\xcf", "\x8c\xcf\x83", "\xce\xbc\xce\xb5"};

/* What is to be sent: a frame, or with `code` a Close. */
struct frame {
    struct frame *next;
    int flags;
    int code;
    size_t len;
    unsigned char bytes[];
};

struct session {
    struct lws *wsi;
    struct frame *first, **last;
    unsigned char *message;
    size_t len;
    bool binary;
};

/* A message that the client has received: several may come before the client looks at the first. */
struct message {
    struct message *next;
    bool binary;
    size_t len;
    unsigned char bytes[];
};

/* What the client has seen of its connection. */
static struct {
    struct session *session;
    struct message *first, **last;
    bool failed, ended, pong, expired;
    char subprotocol[64], reason[126], pong_payload[126];
    int code;
} seen;

static bool is_client;

static void queue(struct session *session, int flags, int code, const void *bytes, size_t len) {
    struct frame *frame = malloc(sizeof *frame + LWS_PRE + len);
    if (!frame) abort();
    *frame = (struct frame){.flags = flags, .code = code, .len = len};
    if (len) memcpy(frame->bytes + LWS_PRE, bytes, len);
    *session->last = frame;
    session->last = &frame->next;
    lws_callback_on_writable(session->wsi);
}

static void queue_text(struct session *session, const char *text) {
    queue(session, LWS_WRITE_TEXT, 0, text, strlen(text));
}

static void queue_greek_pieces(struct session *session) {
    for (int i = 0; i < 3; i++) {
        int flags = lws_write_ws_flags(LWS_WRITE_TEXT, i == 0, i == 2);
        queue(session, flags, 0, greek_pieces[i], strlen(greek_pieces[i]));
        if (i == 0) queue(session, LWS_WRITE_PING, 0, "between", 7);
    }
}

/* Sends what comes next; -1 has libwebsockets close the connection. */
static int write_next(struct session *session) {
    struct frame *frame = session->first;
    int result = 0;
    if (!frame) return 0;
    session->first = frame->next;
    if (!session->first) session->last = &session->first;
    unsigned char *bytes = frame->bytes + LWS_PRE;
    if (frame->code) {
        lws_close_reason(session->wsi, (enum lws_close_status)frame->code, bytes, frame->len);
        result = -1;
    } else if (lws_write(session->wsi, bytes, frame->len, (enum lws_write_protocol)frame->flags) < 0) {
        result = -1;
    }
    free(frame);
    if (session->first) lws_callback_on_writable(session->wsi);
    return result;
}

static bool is(const struct session *session, const char *text) {
    return !session->binary && session->len == strlen(text) && !memcmp(session->message, text, session->len);
}

static void on_message(struct session *session) {
    if (is_client) {
        struct message *message = malloc(sizeof *message + session->len);
        if (!message) abort();
        *message = (struct message){.binary = session->binary, .len = session->len};
        memcpy(message->bytes, session->message, session->len);
        *seen.last = message;
        seen.last = &message->next;
    } else if (is(session, "say it in fragments")) {
        queue_greek_pieces(session);
    } else if (is(session, "ping me")) {
        queue(session, LWS_WRITE_PING, 0, "are you there?", 14);
    } else if (is(session, "close")) {
        queue(session, 0, SERVER_CODE, SERVER_REASON, strlen(SERVER_REASON));
    } else {
        queue(session, session->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT, 0, session->message, session->len);
    }
}

static void on_pong(struct session *session, const char *payload, size_t len) {
    if (is_client) {
        seen.pong = true;
        snprintf(seen.pong_payload, sizeof seen.pong_payload, "%.*s", (int)len, payload);
    } else if (len == 7 && !memcmp(payload, "between", len)) {
        queue_text(session, "answered in between");
    } else if (len == 14 && !memcmp(payload, "are you there?", len)) {
        queue_text(session, "you are there");
    }
}

static void on_close(const unsigned char *payload, size_t len) {
    int code = len >= 2 ? payload[0] << 8 | payload[1] : NO_CODE;
    int reason_len = len >= 2 ? (int)len - 2 : 0;
    const char *reason = len >= 2 ? (const char *)payload + 2 : "";
    if (is_client) {
        seen.code = code;
        snprintf(seen.reason, sizeof seen.reason, "%.*s", reason_len, reason);
    } else {
        printf("closed %d%s%.*s\n", code, reason_len ? " " : "", reason_len, reason);
    }
}

static int callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t len) {
    struct session *session = user;
    switch (why) {
    case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
        lws_hdr_copy(wsi, seen.subprotocol, sizeof seen.subprotocol, WSI_TOKEN_PROTOCOL);
        break;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        seen.session = session;
        /* fall through */
    case LWS_CALLBACK_ESTABLISHED:
        *session = (struct session){.wsi = wsi, .last = &session->first};
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "libwebsockets: %s\n", in ? (const char *)in : "the connection failed");
        seen.failed = true;
        break;
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_CLIENT_RECEIVE:
        if (lws_is_first_fragment(wsi)) {
            session->len = 0;
            session->binary = lws_frame_is_binary(wsi);
        }
        session->message = realloc(session->message, session->len + len + 1);
        if (!session->message) abort();
        memcpy(session->message + session->len, in, len);
        session->len += len;
        if (lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi)) on_message(session);
        break;
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        on_pong(session, in, len);
        break;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        on_close(in, len);
        break;
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_next(session);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLIENT_CLOSED:
        free(session->message);
        seen.ended = true;
        break;
    default:
        break;
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "mirror", .callback = callback, .per_session_data_size = sizeof(struct session), .rx_buffer_size = 65536},
    {.name = NULL},
};

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_max_window_bits"},
    {NULL, NULL, NULL},
};

/* Files are NULL without TLS. */
static struct lws_context *create(int port, const char *certificate, const char *key, const char *authority) {
    struct lws_context_creation_info info = {
        .port = port,
        .ssl_cert_filepath = certificate,
        .ssl_private_key_filepath = key,
        .client_ssl_ca_filepath = authority,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .extensions = extensions,
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
    };
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    struct lws_vhost *vhost = context ? lws_create_vhost(context, &info) : NULL;
    if (!vhost) exit(1);
    if (port != CONTEXT_PORT_NO_LISTEN) printf("listening %d\n", lws_get_vhost_listen_port(vhost));
    return context;
}

/* The client. */

static struct lws_context *context;
static lws_sorted_usec_list_t timer;
static int passed;

static void on_timer(lws_sorted_usec_list_t *unused) {
    (void)unused;
    seen.expired = true;
}

static void fail(const char *what) {
    fprintf(stderr, "libwebsockets: unexpected: %s\n", what);
    exit(1);
}

static void expect(bool holds, const char *what) {
    if (!holds) fail(what);
    passed++;
}

static bool is_open(void) { return seen.session; }
static bool has_message(void) { return seen.first; }
static bool has_pong(void) { return seen.pong; }
static bool has_ended(void) { return seen.ended; }

static void wait_until(bool (*holds)(void), const char *what) {
    seen.expired = false;
    lws_sul_schedule(context, 0, &timer, on_timer, PATIENCE_US);
    while (!holds()) {
        if (seen.expired || seen.failed || seen.ended) fail(what);
        if (lws_service(context, 0) < 0) fail("the service ended");
    }
    lws_sul_cancel(&timer);
}

static void open_connection(const char *url) {
    bool secure = !strncmp(url, "wss:", 4);
    memset(&seen, 0, sizeof seen);
    seen.last = &seen.first;
    struct lws_client_connect_info info = {
        .context = context,
        .vhost = lws_get_vhost_by_name(context, "default"),
        .address = secure ? "localhost" : "127.0.0.1",
        .host = secure ? "localhost" : "127.0.0.1",
        .port = atoi(strrchr(url, ':') + 1),
        .ssl_connection = secure ? LCCSCF_USE_SSL : 0,
        .path = "/",
        .protocol = "nonesuch, mirror",
        .local_protocol_name = "mirror",
    };
    if (!lws_client_connect_via_info(&info)) fail("no connection");
    wait_until(is_open, "no connection");
}

static void receive(bool binary, const void *wanted, size_t len, const char *what) {
    wait_until(has_message, what);
    struct message *message = seen.first;
    seen.first = message->next;
    if (!seen.first) seen.last = &seen.first;
    expect(message->binary == binary && message->len == len && !memcmp(message->bytes, wanted, len), what);
    free(message);
}

static void receive_text(const char *text) {
    receive(false, text, strlen(text), text);
}

static void receive_pong(const char *payload) {
    wait_until(has_pong, "a Pong");
    seen.pong = false;
    expect(!strcmp(seen.pong_payload, payload), seen.pong_payload);
}

static void pattern(unsigned char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) bytes[i] = (unsigned char)(i * 7 + len);
}

static void whole_messages(void) {
    static char long_text[(300 << 10) + 1];
    for (size_t i = 0; i < sizeof long_text - 1; i++) long_text[i] = LANGUAGES[i % strlen(LANGUAGES)];
    const char *const texts[] = {"", "Hello", LANGUAGES, long_text};
    for (int i = 0; i < 4; i++) {
        queue_text(seen.session, texts[i]);
        receive(false, texts[i], strlen(texts[i]), "a text");
    }
    static unsigned char bytes[1 << 20];
    static const size_t lengths[] = {0, 125, 126, 65535, 65536, 1 << 20};
    for (int i = 0; i < 6; i++) {
        pattern(bytes, lengths[i]);
        queue(seen.session, LWS_WRITE_BINARY, 0, bytes, lengths[i]);
        receive(true, bytes, lengths[i], "a binary message");
    }
}

static void fragments(void) {
    queue_greek_pieces(seen.session);
    receive_pong("between");
    receive_text(GREEK);
    static unsigned char bytes[125 + 65536 + 1];
    static const size_t lengths[] = {125, 0, 65536, 1};
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        pattern(bytes + len, lengths[i]);
        queue(seen.session, lws_write_ws_flags(LWS_WRITE_BINARY, i == 0, i == 3), 0, bytes + len, lengths[i]);
        len += lengths[i];
    }
    receive(true, bytes, len, "a fragmented message");
}

static void close_connection(int code, const char *reason) {
    queue(seen.session, 0, code, reason, strlen(reason));
    wait_until(has_ended, "the end of the connection");
}

static void drive(const char *url, const char *authority) {
    is_client = true;
    context = create(CONTEXT_PORT_NO_LISTEN, NULL, NULL, authority);
    open_connection(url);
    expect(!strcmp(seen.subprotocol, "mirror"), seen.subprotocol);
    whole_messages();
    fragments();
    char longest[126];
    memset(longest, 'x', 125);
    longest[125] = '\0';
    const char *const payloads[] = {"", "are you there?", longest};
    for (int i = 0; i < 3; i++) {
        queue(seen.session, LWS_WRITE_PING, 0, payloads[i], strlen(payloads[i]));
        receive_pong(payloads[i]);
    }
    queue_text(seen.session, "say it in fragments");
    receive_text(GREEK);
    receive_text("answered in between");
    queue_text(seen.session, "ping me");
    receive_text("you are there");
    close_connection(CLIENT_CODE, CLIENT_REASON);

    open_connection(url);
    queue_text(seen.session, "close");
    wait_until(has_ended, "the end of the connection");
    expect(seen.code == SERVER_CODE && !strcmp(seen.reason, SERVER_REASON), seen.reason);

    open_connection(url);
    close_connection(LWS_CLOSE_STATUS_NORMAL, "");
    printf("passed %d\n", passed);
}

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *role = count > 1 ? arguments[1] : "";
    if (!strcmp(role, "version")) {
        const char *version = lws_get_library_version();
        printf("version %.*s\n", (int)strcspn(version, "-"), version);
    } else if (!strcmp(role, "serve")) {
        bool secure = count > 3;
        struct lws_context *server = create(0, secure ? arguments[2] : NULL, secure ? arguments[3] : NULL, NULL);
        while (lws_service(server, 0) >= 0) continue;
    } else if (!strcmp(role, "drive") && count > 2) {
        drive(arguments[2], count > 3 ? arguments[3] : NULL);
    } else {
        fprintf(stderr, "usage: libwebsockets version | serve [CERTIFICATE KEY] | drive URL [AUTHORITY]\n");
        return 2;
    }
    return 0;
}
