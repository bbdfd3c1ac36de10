/* embed.h - a file of the source tree as bytes of the program, so that one binary carries its SQL.
 */
#ifndef SK_BASE_EMBED_H
#define SK_BASE_EMBED_H
/* EMBED(settle_sql, "src/settle/settle.sql") defines const char settle_sql[], NUL-terminated.
 * Paths are relative to the root of the tree, where make runs. */
#define EMBED(name, path)                                                                          \
    __asm__(".section .rodata\n.global " #name "\n.balign 16\n" #name ":\n.incbin \"" path         \
            "\"\n.byte 0\n.previous\n");                                                           \
    extern const char name[]
#endif
