/** States of the client. */
@NullMarked
package io.latchkey.curator.framework.imps;

import org.jspecify.annotations.NullMarked;
