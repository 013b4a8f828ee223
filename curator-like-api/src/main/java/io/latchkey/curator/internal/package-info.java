/** What the recipes are made of. No API. */
@NullMarked
package io.latchkey.curator.internal;

import org.jspecify.annotations.NullMarked;
