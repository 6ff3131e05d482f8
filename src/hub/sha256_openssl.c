#include "hub/check.h"

#include <stddef.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "base/alloc.h"

enum { PIECE_BYTES = 1 << 20 };

static bool digest_stream(EVP_MD_CTX *context, FILE *stream, unsigned char *piece)
{
    size_t got;
    do {
        got = fread(piece, 1, PIECE_BYTES, stream);
        if (EVP_DigestUpdate(context, piece, got) != 1) return false;
    } while (got == PIECE_BYTES);
    return ferror(stream) == 0;
}

vrn_result vrn_sha256_file(const char *path, char digits[VRN_SHA256_DIGITS + 1])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    digits[0] = '\0';
    FILE *stream = fopen(path, "rb");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *piece = vrn_alloc(PIECE_BYTES, 1);
    bool good = stream && context && piece && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                digest_stream(context, stream, piece) &&
                EVP_DigestFinal_ex(context, sum, &length) == 1 && length * 2 == VRN_SHA256_DIGITS;
    for (size_t i = 0; good && i < length; i++) {
        digits[2 * i] = hex[sum[i] >> 4];
        digits[2 * i + 1] = hex[sum[i] & 15];
        digits[2 * i + 2] = '\0';
    }
    const bool lacking = !context || !piece;
    vrn_free(piece);
    EVP_MD_CTX_free(context);
    if (stream) fclose(stream);
    return good ? VRN_OK : lacking ? VRN_ERROR_OUT_OF_MEMORY : VRN_ERROR_FILE;
}
