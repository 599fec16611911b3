### Las palabras de la página, en la sintaxis de Project Fluent: https://projectfluent.org/fluent/guide/
###
### Tratamiento de usted. `{ $name }` es un valor que pone el código; donde se cuentan cosas, el mensaje elige según él.

## number

number-point = ,
number-percent = { $n }{"\u00A0"}%
number-unknown = desconocido

## time

time-month-1 = enero
time-month-2 = febrero
time-month-3 = marzo
time-month-4 = abril
time-month-5 = mayo
time-month-6 = junio
time-month-7 = julio
time-month-8 = agosto
time-month-9 = septiembre
time-month-10 = octubre
time-month-11 = noviembre
time-month-12 = diciembre
time-day = { $day } de { $month } de { $year }
time-moment = { $day }, { $clock } UTC
time-under-a-millisecond = menos de 1 ms
time-milliseconds = { $n } ms
time-seconds = { $n } s
time-minutes = { $minutes } min { $seconds } s

## unit

unit-picture =
    { $n ->
        [one] { $n } imagen
       *[other] { $n } imágenes
    }
unit-source =
    { $n ->
        [one] { $n } fuente
       *[other] { $n } fuentes
    }

## list

list-last = { $list } y { $last }

## shell

shell-description = Compara un rostro con los rostros de las imágenes en las que usted puede buscar, ordena lo que encuentra y muestra por qué.
shell-skip = Ir al contenido
shell-navigation = Principal
shell-language = Idioma
shell-new-search = Nueva búsqueda
shell-pools = Colecciones
shell-dashboard = Panel
shell-interface = API
shell-caution = Una similitud es una medida, no una prueba. Dos personas pueden parecerse y una misma persona puede verse distinta: compare usted los rostros antes de actuar.
shell-own = Esta página no carga nada de otros sitios.
shell-no-browser = Para esto hace falta un navegador.

## problem

problem-no-reason = El servidor no indicó ningún motivo.
problem-no-face = No se encontró ningún rostro en su foto
problem-low-quality = El rostro de su foto no tiene calidad suficiente
problem-failed = La búsqueda falló
problem-tip-turned = Use una foto en la que el rostro mire a la cámara y mida al menos 40 píxeles de ancho.
problem-tip-light = Evite los contraluces fuertes, las gafas de sol y las fotos muy borrosas.
problem-tip-crop = Recorte lo que quede lejos de la persona.
problem-another-photo = Probar con otra foto
problem-code = Código: { $code }. Búsqueda solicitada el { $asked }.
problem-unreachable = No se puede contactar con el servidor. Compruebe la conexión e inténtelo de nuevo.
problem-unreadable-answer = No se pudo leer la respuesta del servidor: vuelva a cargar la página.
problem-unreadable-form = No se pudo leer el formulario: vuelva a cargar la página e inténtelo de nuevo.
problem-answered = El servidor respondió { $status }. Inténtelo de nuevo dentro de un momento.

## home

home-title = Un rostro, encontrado entre muchas imágenes.
home-lead = Entregue una foto al motor. Compara el rostro con todos los rostros de las imágenes en las que puede buscar, ordena lo que encuentra y le muestra por qué.
home-find = Encontrar
home-find-how = Se detectan las personas y los rostros de su foto y de cada imagen en la que se busca.
home-compare = Comparar
home-compare-how = Cada rostro se convierte en un vector; la similitud de dos vectores es un número que llega hasta 1.
home-judge = Juzgar
home-judge-how = Usted ve los dos rostros uno al lado del otro, los umbrales y la fuente. Usted decide.
home-photo = Qué ocurre con su foto
home-forgotten = Cada página de resultados indica el día en que se olvida todo.
home-erase = Con Borrar se elimina todo al instante: foto, vectores, recortes y resultados.
home-address = Quien tenga la dirección de un resultado puede abrirlo. Compártala con cuidado.
home-work = Con qué funciona
home-engine = Motor
home-models = Modelos
home-searches = Busca en
home-searches-nothing = nada todavía: no hay ninguna fuente configurada
home-queue = Cola
home-queue-now = { $queued } en espera, { $running } en curso
home-version = Versión

## sent

sent-server-only = Su foto se envía únicamente a este servidor y se examina en él.
sent-to-sources = Su foto se envía a este servidor, y una copia más pequeña a { $sources }, salvo que usted desmarque en Opciones la fuente correspondiente.
sent-words-to = Las palabras que usted escriba se envían a { $sources }.
sent-picture = recibe su foto
sent-picture-url = recibe la dirección pública de su foto
sent-words = recibe sus palabras
sent-nothing = no sale de este servidor

## upload

upload-form = Nueva búsqueda
upload-why = ¿Para qué hace esta búsqueda?
upload-why-example = Por ejemplo: ordenar nuestro archivo familiar
upload-why-kept = Se guarda con la búsqueda, tal como usted lo escriba.
upload-consent = La búsqueda es lícita y la persona de la foto ha dado su consentimiento, o tengo otra base jurídica.
upload-consent-why = Los rostros son datos biométricos. Sin esta declaración no se hace ninguna búsqueda.
upload-search = Buscar
upload-sending-one = Enviando su foto…
upload-sending-several = Enviando sus fotos…
upload-no-photo = Elija primero una foto.
upload-no-purpose = Indique en pocas palabras para qué hace la búsqueda.
upload-no-consent = Un rostro solo se puede buscar con consentimiento: marque la casilla si lo tiene.

## pick

pick-kinds = JPEG, PNG, WebP o GIF, de hasta { $mb } MB cada una; hasta { $most } fotos, todas de la misma persona
pick-drop = Arrastre aquí una foto, péguela o
pick-choose = elija un archivo
pick-add = Arrastre o pegue más fotos de la misma persona para añadirlas.
pick-yours = Su foto
pick-several =
    { $n ->
        [one] { $n } foto de una persona
       *[other] { $n } fotos de una persona
    }
pick-size-one = { $mb } MB. Haga clic para elegir otra.
pick-size-several = { $mb } MB. Haga clic para elegir otras.
pick-photo = Foto { $n }
pick-who = Indica a quién se busca
pick-remove = Quitar
pick-chosen = Fotos elegidas
pick-not-a-file = Eso no era un archivo: arrastre una imagen guardada en este dispositivo.
pick-this-file = Este archivo
pick-unreadable = No se pudo leer { $name }: elíjalo de nuevo.
pick-empty = { $name } está vacío: elija otra imagen.
pick-too-large = { $name } ocupa { $mb } MB; el límite es de { $limit } MB. Guárdelo con menor tamaño e inténtelo de nuevo.
pick-heic = { $name } es una imagen HEIC o AVIF, un formato que aún no se lee: expórtela como JPEG.
pick-no-picture = { $name } no es una imagen que podamos leer: elija un archivo JPEG, PNG, WebP o GIF.
pick-too-many = Una búsqueda admite como máximo { $most } fotos de una persona: se conservan las { $most } primeras.

## options

options-title = Opciones
options-face = Rostro
options-largest = El más grande de la foto
options-face-by-size = Rostro { $n } (por tamaño)
options-words = Palabras sobre la imagen
options-words-example = opcional, para las fuentes que buscan por palabras
options-addresses = Direcciones de imágenes con las que comparar
options-addresses-example = opcional, una por línea
options-threshold = Omitir por debajo de
options-threshold-none = sin límite
options-threshold-hint = Coincidencia desde { $match }, posible desde { $possible }. Vacío: se muestra todo.
options-poor = Rostros de calidad demasiado baja para tener certeza
options-poor-hint = Pequeños, borrosos, oscuros o tapados: dos de ellos pueden parecerse por pura casualidad.
options-poor-standard = Señalarlos: dos nunca son coincidencia
options-poor-strict = Omitirlos
options-poor-off = No tener en cuenta la calidad
options-most-faces = Máximo de rostros que mostrar
options-most-pictures = Máximo de imágenes que examinar
options-sources = Dónde buscar
options-not-set-up = Sin configurar en este servidor: { $n }
options-metered = con cuota o de pago

## request

request-waiting = En espera de su turno
request-searching = Buscando…
request-failed = Fallida
request-in-time = en { $time }
request-copy = Copiar enlace
request-copied = Copiado
request-address = La dirección de esta página
request-erase = Borrar
request-erase-question = ¿Borrar esta búsqueda?
request-erase-what = Esto se elimina ahora del servidor:
request-erase-keep = Conservarla
request-erase-all = Borrar todo
request-erasing = Borrando…
request-erase-script = Para borrar desde esta página hace falta JavaScript. También puede hacerlo un programa:

## state

state-queued = En espera
state-running = Buscando
state-completed = Completada
state-failed = Fallida
state-expired = Borrada

## stage

stage-validate = Leer su foto
stage-discover = Encontrar imágenes
stage-analyse = Comparar rostros
stage-rank = Ordenar
stage-artifacts = Guardar recortes
stage-to-come = pendiente
stage-done-of = { $done } de { $total }
stage-now = en curso
stage-failed = falló
stage-failed-after = falló tras { $time }
stage-done-in = { $done } en { $time }
stage-done = hecho
stage-bar = Imágenes examinadas
stage-lost = Se perdió la conexión. La búsqueda continúa; esta página se vuelve a conectar por sí sola.

## progress

progress-looked =
    { $n ->
        [one] { $n } imagen examinada
       *[other] { $n } imágenes examinadas
    }
progress-looked-of = { $done } de { $total } imágenes examinadas
progress-compared =
    { $n ->
        [one] { $n } rostro comparado
       *[other] { $n } rostros comparados
    }
progress-unusable =
    { $n ->
        [one] { $n } no se pudo usar
       *[other] { $n } no se pudieron usar
    }

## outcome

outcome-none = No se encontró ninguna coincidencia
outcome-possible =
    { $n ->
        [one] { $n } coincidencia posible
       *[other] { $n } coincidencias posibles
    }
outcome-matches =
    { $n ->
        [one] { $n } coincidencia
       *[other] { $n } coincidencias
    }
outcome-and-possible =
    { $n ->
        [one] { $matches } y { $n } posible
       *[other] { $matches } y { $n } posibles
    }

## badge

badge-match = Coincidencia
badge-possible = Posible
badge-no-match = Sin coincidencia

## verdict

verdict-match = Alcanza o supera el umbral de coincidencia. Muy probablemente sea la misma persona; compruébelo usted antes de actuar.
verdict-possible = Entre los dos umbrales. Una persona debería comparar los dos rostros.
verdict-no-match = Por debajo de los dos umbrales. Lo más probable es que sea otra persona.
verdict-held-back = La similitud basta para una coincidencia, pero los rostros son un indicio débil ({ $reasons }): una persona debería compararlos.

## gallery

gallery-title = Rostros comparados
gallery-show = Mostrar
gallery-all = Todos
gallery-waiting = Los rostros aparecen aquí en cuanto se comparan.
gallery-nothing = Nada que mostrar
gallery-nothing-why = No quedó ninguna imagen con la que comparar o ninguna alcanzó la similitud que usted pidió. Busque de nuevo con un umbral más bajo o deje que el motor examine más imágenes.

## card

card-no-picture = Sin imagen
card-whole = Imagen completa: no se encontró ningún rostro
card-thumbnail = Solo miniatura
card-thumbnail-why = Solo se pudo obtener una copia pequeña de la imagen
card-also-at =
    { $n ->
        [one] También en { $n } lugar
       *[other] También en { $n } lugares
    }
card-compare = Comparar
card-compare-with = con el rostro encontrado en { $name }
card-scale = Similitud { $similarity } en una escala hasta 1. Posible desde { $possible }, coincidencia desde { $match }.

## opened

opened-close = Cerrar
opened-yours = Su foto
opened-yours-alt = El rostro de su foto
opened-found = Encontrado
opened-found-alt = El rostro encontrado en { $name }
opened-no-crop = Sin recorte
opened-limits = Posible desde { $possible }, coincidencia desde { $match }.
opened-thresholds = Umbrales:
opened-whole = La imagen completa, con el contorno de lo encontrado
opened-whole-alt = { $name } con la persona y el rostro señalados
opened-similarity = Similitud (coseno)
opened-face-found = Rostro encontrado con
opened-no-face = sin rostro: se usó la imagen completa en su lugar
opened-confidence = { $share } de confianza
opened-pose = Orientación
opened-light = Luz
opened-not-known = no se conoce
opened-sharpness = Nitidez
opened-face-size = Tamaño del rostro
opened-pixels = { $width } × { $height } píxeles
opened-person-found = Persona encontrada con
opened-no-person = el rostro queda fuera de todas las personas
opened-found-by = Encontrado por
opened-compared = Se comparó
opened-picture = Imagen
opened-page = En la página
opened-licence = Licencia
opened-sha = SHA-256 del archivo
opened-from-picture = la propia imagen
opened-from-rendition = la imagen en otro tamaño
opened-from-thumbnail = una copia pequeña: no se pudo obtener la imagen
opened-from-page = la imagen con la que se presenta su página

## place

place-not-stated = no indicada
place-its-page = su página

## probe

probe-title = Su foto
probe-waiting = El recorte del rostro aparece cuando termina la búsqueda.
probe-purpose = Finalidad
probe-no-face = No se encontró ningún rostro: se usa la imagen completa en su lugar.
probe-found = Rostro encontrado con un { $share } de confianza
probe-found-outside = Rostro encontrado con un { $share } de confianza, fuera de todas las personas encontradas
probe-alt = El rostro que se busca
probe-whole = Ver la foto completa
probe-whole-alt = Su foto con los rostros señalados
probe-faces =
    { $n ->
        [one] { $n } rostro en su foto; se comparó el rostro { $chosen }.
       *[other] { $n } rostros en su foto; se comparó el rostro { $chosen }.
    }
probe-photo-alt = El rostro de la foto { $n }
probe-weight = peso { $share }
probe-similarity = similitud { $similarity }
probe-one-face = { $n } fotos forman el único rostro que se compara. Una foto que cuenta menos es de peor calidad; una que se parece menos puede mostrar a otra persona.

## how

how-title = Cómo se obtuvo este resultado
how-stood-in = En esta búsqueda algo tuvo que sustituir a lo habitual: se indica más abajo, y las tarjetas afectadas llevan un aviso.
how-engine = Motor
how-pack = Paquete de modelos
how-person = Detector de personas
how-face = Detector de rostros
how-embedding = Vector facial
how-thresholds = Umbrales
how-thresholds-are = coincidencia desde { $match }, posible desde { $possible } (coseno)
how-calibration = Calibración
how-ranking = Orden
how-ranking-is = por similitud; con diferencias de hasta { $tie }, los rostros de buena calidad antes que los de baja calidad y después por nitidez, tamaño del rostro y fuente
how-time = Duración
how-tries = Intentos
how-asked = Solicitada el
how-forgotten = Se olvida el
how-unusual = Fuera de lo habitual

## quality

quality-bar = Calidad del rostro
quality-quality = Calidad: { $summary }
quality-small = pequeño
quality-blurred = borroso
quality-turned-away = girado
quality-dark = demasiado oscuro
quality-bright = demasiado claro
quality-low-contrast = con poco contraste
quality-occluded = tapado en parte
quality-uncertain = apenas parece un rostro
quality-held-back = Solo posible: { $reasons }
quality-poor = Baja calidad: { $reasons }
quality-straight = Mira de frente
quality-looks = Mira { $where }
quality-leans = { $looks }, se inclina { $where }
quality-right = { $degrees }° a la derecha
quality-left = { $degrees }° a la izquierda
quality-up = { $degrees }° hacia arriba
quality-down = { $degrees }° hacia abajo
quality-light = Brillo { $brightness }, contraste { $contrast } de 255
quality-hint = El rostro de su foto es un indicio débil ({ $reasons }). Otra foto de la persona puede encontrar más.

## backup

backup-named = { $name } (de reserva)
backup-pack = El paquete de reserva hizo el trabajo, porque { $why }
backup-face-detector = El detector de rostros de reserva buscó los rostros, porque el habitual falló
backup-why-memory = falta memoria
backup-why-model-not-loaded = no se pudieron cargar las redes habituales
backup-why-out-of-memory = las redes habituales se quedaron sin memoria
backup-why-engine-timeout = las redes habituales tardaron demasiado
backup-why-device-lost = las redes habituales perdieron su dispositivo
backup-why-unusable-output = las redes habituales dieron números sin sentido
backup-why-failed = las redes habituales fallaron
backup-switched = A mitad de la búsqueda, { $why }, así que todo se comparó de nuevo con el paquete de reserva
backup-pack-is = paquete { $pack }
backup-pack-in-place = paquete { $pack }, en lugar de { $primary }
backup-pack-stands-by = paquete { $pack }; { $backup } está en reserva
backup-degraded-backup = Las redes de reserva hacen el trabajo, porque { $why }: las búsquedas pueden ser más lentas o encontrar menos.
backup-degraded = El servicio funciona con limitaciones: las búsquedas pueden ser lentas o fallar.

## diagnostic

diagnostic-no-face = no se encontró ningún rostro, así que se comparó la imagen completa
diagnostic-no-person = no se encontró ninguna persona, así que se buscaron rostros en la imagen completa
diagnostic-low-quality = sin usar, porque la calidad de todos sus rostros es demasiado baja para tener certeza
diagnostic-backup-detector = el detector de rostros falló, así que los buscó el de reserva
diagnostic-no-person-in-query = Su foto: no se encontró ninguna persona, así que se buscaron rostros en la imagen completa
diagnostic-photos-disagree =
    { $n ->
        [one] { $n } de sus fotos: el rostro no se parece a los de las demás, así que puede ser de otra persona
       *[other] { $n } de sus fotos: el rostro no se parece a los de las demás, así que puede ser de otra persona
    }
diagnostic-face-again =
    { $n ->
        [one] { $n } búsqueda adicional de rostros: falló; se comparó lo que mostraron las demás
       *[other] { $n } búsquedas adicionales de rostros: fallaron; se comparó lo que mostraron las demás
    }
diagnostic-times = { $what } ({ $n } veces)

## absence

absence-had-not = Lo que no se pudo obtener: { $what }
absence-had-not-and-unasked = Lo que no se pudo obtener: { $what }; sin consultar: { $sources }
absence-unasked = Sin consultar: { $sources }
absence-not-set-up = Sin configurar en este servidor: { $sources }
absence-source-provider-not-configured = no tiene clave configurada en este servidor
absence-source-unknown-provider = nombre desconocido en este servidor
absence-source-provider-unavailable = no se pudo contactar
absence-source-provider-refused = rechazó la búsqueda
absence-source-provider-unauthorized = no aceptó la clave de este servidor
absence-source-provider-quota-spent = no le quedan búsquedas para este servidor
absence-source-provider-rate-limited = pidió menos búsquedas
absence-source-provider-timeout = tardó demasiado en responder
absence-source-provider-answer = dio una respuesta que no se pudo interpretar
absence-source-provider-needs-more = sin consultar, porque necesita palabras o una dirección que esta búsqueda no incluye
absence-source-provider-interrupted = se estaba consultando cuando se cortó la búsqueda; no se consultó de nuevo, porque podría cobrarse dos veces
absence-picture-deadline = el tiempo de la búsqueda se agotó antes de terminar la descarga
absence-picture-not-found = ya no hay nada en su dirección
absence-picture-timeout = la descarga tardó demasiado
absence-picture-interrupted = se cortó la conexión
absence-picture-unreachable = no se pudo contactar con su sitio
absence-picture-host-down = su sitio falló una y otra vez y se dejó de consultar
absence-picture-rate-limited = su sitio pidió menos consultas
absence-picture-forbidden = su sitio nos niega el acceso
absence-picture-server-error = su sitio respondió con un error
absence-picture-too-many-redirects = su dirección lleva sin fin de un lugar a otro
absence-picture-refused-host = su dirección lleva a una red privada y se rechazó
absence-picture-refused-address = su dirección es de un tipo que aquí no se abre
absence-picture-outside-pool = fuera de su carpeta
absence-picture-too-large = tamaño excesivo
absence-picture-too-many-pixels = demasiados píxeles
absence-picture-not-a-picture = lo que llegó no era una imagen que podamos leer
absence-picture-unreadable-image = archivo dañado o incompleto
absence-picture-engine-failed = las redes fallaron en el análisis
absence-picture-out-of-memory = las redes se quedaron sin memoria en el análisis
absence-picture-engine-timeout = las redes tardaron demasiado en el análisis

## refusal: Only here: in English the sentence of the server itself is shown, which says more.

refusal-invalid-field = Uno de los campos tiene un valor que no se admite: corríjalo e inténtelo de nuevo.
refusal-unknown-field = El formulario contiene un campo que este servidor no conoce: vuelva a cargar la página e inténtelo de nuevo.
refusal-malformed-request = No se pudo leer la solicitud: vuelva a cargar la página e inténtelo de nuevo.
refusal-missing-image = No hay ninguna imagen: elija una foto o indique su dirección.
refusal-image-url-refused = La dirección de la foto no se abre aquí: indique la de una imagen en un sitio público.
refusal-image-url-not-public = La dirección de la foto no lleva a un sitio público: guarde la imagen y envíe el archivo.
refusal-image-url-no-picture = En la dirección de la foto no hay una imagen que aquí se pueda leer: indique la dirección del propio archivo JPEG, PNG, WebP o GIF, no la de la página que lo muestra.
refusal-image-url-timeout = La imagen tardó demasiado en llegar desde su dirección: inténtelo de nuevo, o guárdela y envíe el archivo.
refusal-image-url-unreachable = No se pudo obtener la imagen de su sitio: compruebe la dirección, o guarde la imagen y envíe el archivo.
refusal-too-many-images = Una búsqueda admite como máximo { $most } fotos de una persona: quite las que sobren.
refusal-purpose-required = Indique para qué hace la búsqueda: sin una finalidad lícita no se hace ninguna.
refusal-consent-required = Confirme que la búsqueda es lícita y cuenta con consentimiento.
refusal-provider-not-configured = Una de las fuentes elegidas no está configurada en este servidor: elija otra en Opciones.
refusal-unknown-provider = Una de las fuentes que usted indicó no existe en este servidor: elija otra en Opciones.
refusal-empty-image = La imagen está vacía: envíe un archivo JPEG, PNG, WebP o GIF.
refusal-image-too-large = La imagen es más grande de lo permitido: envíe una más pequeña.
refusal-too-many-pixels = La imagen tiene más píxeles de los permitidos: envíe una más pequeña.
refusal-payload-too-large = El envío ocupa más de lo permitido: envíe archivos más pequeños.
refusal-unsupported-media-type = El archivo no es una imagen que aquí se pueda leer: envíe un archivo JPEG, PNG, WebP o GIF (decide el contenido, no el nombre).
refusal-unreadable-image = No se puede leer la imagen: está dañada o incompleta; guárdela de nuevo y vuelva a intentarlo.
refusal-upload-timeout = El envío tardó demasiado: compruebe la conexión e inténtelo de nuevo.
refusal-queue-full = La cola está llena: inténtelo de nuevo dentro de unos segundos.
refusal-uploads-full = El servicio está recibiendo tantas fotos como puede: inténtelo de nuevo dentro de unos segundos.
refusal-contract-mismatch = Una de las colecciones se está volviendo a examinar con otros modelos: inténtelo de nuevo más tarde.
refusal-storage-unavailable = El servicio no puede acceder a su almacenamiento en este momento: inténtelo de nuevo.
refusal-storage-full = El almacenamiento del servicio está lleno y no se guardó nada de esta búsqueda: pida a su operador que libere espacio e inténtelo de nuevo.
refusal-storage-failed = No se pudieron guardar los resultados: inténtelo de nuevo y, si persiste, avise al operador.
refusal-internal-error = Algo falló en el servicio: inténtelo de nuevo y, si persiste, avise al operador.
refusal-not-found = No hay ninguna búsqueda con esta dirección.
refusal-gone = La búsqueda se borró o superó su plazo: no se conserva nada de ella.
refusal-no-face = No se encontró ningún rostro en la foto o en una de ellas: envíe una en la que el rostro se vea más grande, más nítido o menos girado.
refusal-face-index-out-of-range = La foto no tiene tantos rostros: elija otro en Opciones.
refusal-low-quality = La calidad del rostro de la foto es demasiado baja para tener certeza: envíe otra foto en la que el rostro se vea más grande, más nítido y de frente, o cambie en Opciones qué se hace con los rostros de baja calidad.
refusal-photos-disagree = Las fotos no tienen nada en común que se pueda buscar: envíe fotos de una sola persona.
refusal-engine-failed = No se pudo analizar la foto porque el motor falló: inténtelo de nuevo y, si persiste, avise al operador.
refusal-interrupted = La búsqueda se interrumpió: inténtelo de nuevo.
refusal-cancelled = La búsqueda se canceló.

## source-note: Only here, for the same reason.

source-note-folder = una carpeta de imágenes del operador
source-note-folder-missing = falta la carpeta de la colección
source-note-bucket = un depósito de imágenes del operador
source-note-unset = Falta configurar: { $variables }
source-note-tineye = copias de esta misma foto en la web, según TinEye; se le envía la foto
source-note-google-vision = imágenes de la web, según Google Cloud Vision; se le envía la foto
source-note-yandex-cloud = imágenes de la web, según Yandex Cloud; se le envía la foto
source-note-serpapi-lens = imágenes de la web, según Google Lens; la foto se envía a SerpApi
source-note-serpapi-yandex = imágenes de la web, según Yandex; la dirección pública de la foto se envía a SerpApi
source-note-openverse = imágenes con licencia libre de muchas colecciones; sus palabras se envían a Openverse
source-note-wikimedia = archivos de Wikimedia Commons; se le envían sus palabras
source-note-brave = imágenes de la web, según Brave Search; se le envían sus palabras
source-note-searxng = los buscadores del SearXNG del operador; se les envían sus palabras

## tools

tools-filters = Filtrar y ordenar los rostros
tools-least = Similitud mínima
tools-any = cualquiera
tools-source = Fuente
tools-every-source = Todas las fuentes
tools-licence = Licencia
tools-every-licence = Todas las licencias
tools-sort = Ordenar por
tools-by-similarity = Similitud
tools-by-found = Orden de hallazgo
tools-by-source = Fuente
tools-by-quality = Calidad del rostro
tools-shown = Rostros mostrados: { $n } de { $total }
tools-apply = Aplicar
tools-clear = Quitar los filtros
tools-none-left = Ningún rostro pasa los filtros
tools-none-left-why = Lo que ha elegido arriba oculta todos los rostros ({ $n }).
tools-keys = Teclas
tools-key-next = rostro siguiente o anterior, cuando un rostro tiene el foco; las letras sirven desde cualquier lugar
tools-key-row = la fila de abajo o de arriba
tools-key-open = abrir el rostro
tools-key-turn = en un rostro abierto: el siguiente o el anterior
tools-key-close = cerrarlo
tools-key-keys = mostrar estas teclas
tools-letters = Usar las letras como atajos
tools-letters-why = Desactívelas si dicta a su equipo o si pulsa letras sin querer.
tools-previous = Rostro anterior
tools-next = Rostro siguiente
tools-aligned = Alineados
tools-aligned-why = Girados y escalados para que los ojos queden en el mismo lugar: es lo que compara la red.
tools-outlines = Marcar el rostro, sus puntos clave y la persona
tools-all-outlined = Todos los rostros y personas marcados
tools-plain-alt = La imagen { $name }
tools-face = Rostro
tools-quality = Calidad
tools-eyes = Entre los ojos
tools-eyes-are = { $n } píxeles
tools-covered = Parte tapada, estimada
tools-address = Dirección
tools-size = Tamaño
tools-retrieved = Obtenida el
tools-places = Dónde se encontró
tools-made-by = Qué los ha comparado
tools-copy = Copiar
tools-share = Compartir
tools-share-title = Compartir este resultado
tools-share-what = Quien tenga el enlace verá los rostros, las fuentes y los números. No podrá borrar la búsqueda, conocer su dirección ni compartirla en nombre de usted.
tools-share-rules = Solo hay un enlace a la vez: uno nuevo anula el anterior. Deja de funcionar, como muy tarde, cuando se olvida la búsqueda, el { $day }.
tools-share-for = El enlace funcionará durante
tools-hour = 1 hora
tools-day = 1 día
tools-week = 1 semana
tools-month = 30 días
tools-share-make = Crear un enlace
tools-share-again = Crear otro enlace
tools-share-later = Una búsqueda se puede compartir cuando ha terminado.
tools-share-made = El enlace funciona hasta el { $until }. Cópielo ahora: solo se muestra esta vez.
tools-share-address = El enlace para compartir
tools-share-end = Anular el enlace
tools-share-ended = El enlace se ha anulado. A quien lo abra se le indicará que ya no funciona.
tools-share-none = No hay ningún enlace activo: nadie más que usted puede leer este resultado.
tools-share-script = Para compartir desde esta página hace falta JavaScript. Un programa puede hacerlo:
tools-export = Exportar
tools-export-title = Llevarse el resultado
tools-export-shown = Los rostros que se muestran ahora, en este orden: { $n }
tools-export-all = El resultado completo, como lo reciben los programas
tools-as-csv = CSV
tools-as-json = JSON
tools-as-zip = ZIP
tools-evidence = Paquete de evidencias: recortes, fuentes, horas, la huella de cada archivo y un manifiesto de todo ello
tools-manifest = SHA-256 de su manifiesto:
tools-erase-photo = su foto y sus vectores faciales
tools-erase-result = todos los recortes, los resultados y el paquete de evidencias
tools-erase-links = la dirección de esta página y cualquier enlace que haya compartido: dejan de funcionar para todos
tools-erase-final = Esto no se puede deshacer.

## given

given-camera = Tomar una foto
given-address = O la dirección de la foto en la web
given-address-example = https://example.org/foto.jpg
given-address-hint = Este servidor la descarga de allí. Si además envía un archivo, la dirección solo se comunica a las fuentes que buscan por dirección.
given-bad-address = Esto no es una dirección de la web: debe comenzar por https:// o http://.
given-again = Volver a intentarlo

## which

which-face = Rostro { $n } de { $total }
which-photo = Su foto con { $n } rostros señalados
which-how = Si se trata de otra persona, elija su rostro en la foto: haga clic en él o use las teclas de flecha.
which-kept = Otro rostro es otra persona, por lo que se pregunta de nuevo. La foto, la finalidad y las opciones no cambian.
which-search = Buscar con este rostro

## cancel

cancel-do = Cancelar la búsqueda
cancel-how = Se detiene, y se borran su foto y todo lo encontrado.
cancel-doing = Deteniendo…
cancel-title = La búsqueda se ha cancelado
cancel-done = Se detuvo. Su foto, los vectores faciales y todo lo encontrado hasta ese momento se han borrado de este servidor.
