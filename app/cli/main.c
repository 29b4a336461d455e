#include <impasto/impasto.h>
#include <stdio.h>

int main(void) {
    printf("impasto %s\n", imp_version());
    return 0;
}
