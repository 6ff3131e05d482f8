#include "hub/fetch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include <vkresnet/vkresnet.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"
#include "base/util.h"

enum {
    REDIRECTIONS_MAX = 5,
    CONNECT_SECONDS = 30,
    STALL_BYTES_PER_S = 100, /* a slower transfer counts as stalled */
    STATUS_OK = 200,
    STATUS_PARTIAL = 206,
    STATUS_RANGE = 416,
};

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)
#define AGENT                                                                                      \
    "vkresnet/" TEXT(VRN_VERSION_MAJOR) "." TEXT(VRN_VERSION_MINOR) "." TEXT(VRN_VERSION_PATCH)

typedef struct curl_transfer {
    CURL *curl;
    vrn_fetch *fetch;
    bool begun, refused, aborted, stalled;
    uint64_t position; /* of the next byte in the file */
    double alive_ms;   /* when the last byte came */
} curl_transfer;

/* Records why the response is refused. */
VRN_PRINTF(2, 3) static bool refuse(curl_transfer *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->fetch->message, sizeof t->fetch->message, format, args);
    va_end(args);
    t->refused = true;
    return false;
}

/* Finds where the response begins: at the requested offset, or at 0 if the server does not resume.
 * False: the response is refused. */
static bool find_offset(curl_transfer *t, long status, uint64_t *offset)
{
    const uint64_t asked = t->fetch->offset;
    *offset = 0;
    if (status == STATUS_OK) return true;
    if (status != STATUS_PARTIAL || asked == 0) {
        return refuse(t, "the server answered with status %ld", status);
    }
    struct curl_header *header;
    char expected[40];
    snprintf(expected, sizeof expected, "bytes %" PRIu64 "-", asked);
    if (curl_easy_header(t->curl, "Content-Range", 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
        strncmp(header->value, expected, strlen(expected)) != 0) {
        return refuse(t, "the server sent a different part of the file than was requested");
    }
    *offset = asked;
    return true;
}

static bool begin_body(curl_transfer *t)
{
    long status = 0;
    curl_off_t length = -1;
    uint64_t offset;
    t->begun = true;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (!find_offset(t, status, &offset)) return false;
    const uint64_t total = length >= 0 ? offset + (uint64_t)length : 0;
    if (length >= 0 && (total < t->fetch->min_bytes || total > t->fetch->max_bytes)) {
        return refuse(t, "the server's file has %" PRIu64 " bytes, but should have %" PRIu64, total,
                      total < t->fetch->min_bytes ? t->fetch->min_bytes : t->fetch->max_bytes);
    }
    t->position = offset;
    t->aborted = !t->fetch->begin(t->fetch->user, offset, total);
    return !t->aborted;
}

static size_t receive(char *data, size_t one, size_t size, void *user)
{
    curl_transfer *t = user;
    (void)one;
    if (!t->begun && !begin_body(t)) return CURL_WRITEFUNC_ERROR;
    if (size > t->fetch->max_bytes - t->position) {
        refuse(t, "the server sent more than the file should have");
        return CURL_WRITEFUNC_ERROR;
    }
    t->position += size;
    t->alive_ms = vrn_time_ms();
    t->aborted = !t->fetch->write(t->fetch->user, data, size);
    return t->aborted ? CURL_WRITEFUNC_ERROR : size;
}

static int progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
                    curl_off_t up)
{
    curl_transfer *t = user;
    (void)total, (void)now, (void)up_total, (void)up;
    t->aborted = t->aborted || !t->fetch->pulse(t->fetch->user);
    t->stalled = vrn_time_ms() - t->alive_ms > t->fetch->stall_seconds * 1e3;
    return t->aborted || t->stalled;
}

/* Sets the certificate paths that the curl program reads from the environment and libcurl does
 * not. */
static CURLcode set_certificates(CURL *curl)
{
    static const struct {
        const char *variable;
        CURLoption option;
    } places[] = {
        {"CURL_CA_BUNDLE", CURLOPT_CAINFO},
        {"SSL_CERT_DIR", CURLOPT_CAPATH},
        {"SSL_CERT_FILE", CURLOPT_CAINFO},
    };
    CURLcode code = CURLE_OK;
    bool lacking = false;
    for (size_t i = 0; i < VRN_COUNT(places) && !code; i++) {
        char *path = vrn_environment(places[i].variable, &lacking);
        bool given = path && *path;
        if (lacking) code = CURLE_OUT_OF_MEMORY;
        if (given) code = curl_easy_setopt(curl, places[i].option, path);
        vrn_free(path);
        if (given && i == 0) break;
    }
    return code;
}

static CURLcode configure(curl_transfer *t, char *error)
{
    const vrn_fetch *fetch = t->fetch;
    CURL *curl = t->curl;
    const bool https = strncmp(fetch->url, "https:", 6) == 0;
    const long stall = (long)fetch->stall_seconds;
    char range[32];
    CURLcode code = CURLE_OK;
    if (!code) code = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_USERAGENT, AGENT);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    if (!code) {
        code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
                                fetch->allow_http ? "https,http" : "https");
    }
    if (!code) code = curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTIONS_MAX);
    if (!code) {
        code = curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, https ? "https" : "https,http");
    }
    if (!code) {
        code = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                                stall < CONNECT_SECONDS ? stall : (long)CONNECT_SECONDS);
    }
    if (!code) code = curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    if (!code) code = curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
    if (!code) code = set_certificates(curl);
    if (!code && fetch->offset > 0) {
        snprintf(range, sizeof range, "%" PRIu64 "-", fetch->offset);
        code = curl_easy_setopt(curl, CURLOPT_RANGE, range);
    }
    return code;
}

/* Errors that may go away on another try. */
static bool may_pass(CURLcode code)
{
    return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
           code == CURLE_OPERATION_TIMEDOUT || code == CURLE_GOT_NOTHING || code == CURLE_HTTP2 ||
           code == CURLE_HTTP2_STREAM;
}

static vrn_fetch_outcome judge(curl_transfer *t, CURLcode code, const char *error)
{
    vrn_fetch *fetch = t->fetch;
    long status = 0;
    if (t->refused) return VRN_FETCH_REFUSED;
    if (t->aborted) return VRN_FETCH_ABORTED;
    if (code == CURLE_ABORTED_BY_CALLBACK && t->stalled) {
        snprintf(fetch->message, sizeof fetch->message, "no data arrived for %u seconds",
                 fetch->stall_seconds);
        return VRN_FETCH_INTERRUPTED;
    }
    if (!code && !t->begun && !begin_body(t)) { /* a response without a body */
        return t->refused ? VRN_FETCH_REFUSED : VRN_FETCH_ABORTED;
    }
    if (!code) return VRN_FETCH_DONE;
    if (code == CURLE_OUT_OF_MEMORY) return VRN_FETCH_NO_MEMORY;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_HTTP_RETURNED_ERROR) {
        snprintf(fetch->message, sizeof fetch->message, "the server answered with status %ld",
                 status);
        return status == STATUS_RANGE && fetch->offset > 0 ? VRN_FETCH_RANGE : VRN_FETCH_REFUSED;
    }
    snprintf(fetch->message, sizeof fetch->message, "%.*s", (int)sizeof fetch->message - 1,
             *error ? error : curl_easy_strerror(code));
    return may_pass(code) ? VRN_FETCH_INTERRUPTED : VRN_FETCH_REFUSED;
}

vrn_fetch_outcome vrn_fetch_run(vrn_fetch *fetch)
{
    char error[CURL_ERROR_SIZE] = "";
    curl_transfer t = {.fetch = fetch, .curl = curl_easy_init(), .alive_ms = vrn_time_ms()};
    fetch->message[0] = '\0';
    if (!t.curl) return VRN_FETCH_NO_MEMORY;
    CURLcode code = configure(&t, error);
    if (!code) code = curl_easy_perform(t.curl);
    vrn_fetch_outcome outcome = judge(&t, code, error);
    curl_easy_cleanup(t.curl);
    return outcome;
}
